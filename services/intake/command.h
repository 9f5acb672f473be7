/* What the program does besides serving: checks a profile, tries a file on one. */
#ifndef INTAKE_COMMAND_H
#define INTAKE_COMMAND_H

/* For wjz_service_spec: "check-profile FILE" and "dry-run PROFILE FILE". */
int intake_command(const void *conf, int argc, char **argv);

#endif
