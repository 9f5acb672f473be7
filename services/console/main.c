/* weijianzhi-console. */
#include "console/console.h"

int main(int argc, char **argv) {
    return wjz_service_main(&CONSOLE_SERVICE, argc, argv);
}
