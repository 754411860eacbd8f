#include "cli/commands/commands.h"

int main(int argc, char** argv)
{
    return bm::cli::runCommandLine(argc, argv);
}
