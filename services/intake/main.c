/* The front door: takes in what platforms send. */
#include "intake/intake.h"

int main(int argc, char **argv) {
    return wjz_service_main(&INTAKE_SERVICE, argc, argv);
}
