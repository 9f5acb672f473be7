/* weijianzhi-scoring */
#include "scoring/scoring.h"

int main(int argc, char **argv) {
    return wjz_service_main(&scoring_spec, argc, argv);
}
