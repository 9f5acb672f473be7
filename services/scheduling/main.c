/* weijianzhi-scheduling. */
#include "scheduling/scheduling.h"

int main(int argc, char **argv) {
    return wjz_service_main(&scheduling_service, argc, argv);
}
