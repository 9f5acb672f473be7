/* weijianzhi-assignment */
#include "assignment/assignment.h"

int main(int argc, char **argv) {
    return wjz_service_main(&assignment_spec, argc, argv);
}
