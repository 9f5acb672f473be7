/* weijianzhi-notification. */
#include "notification/notification.h"

int main(int argc, char **argv) {
    return wjz_service_main(&notification_service, argc, argv);
}
