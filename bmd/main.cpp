#include "bmd/command_line.h"

int main(int argc, char** argv)
{
    return bm::bmd::runBmd(argc, argv);
}
