// Prints the documented configuration ("file") or its manual page ("man") for packaging and docs/man. It
// needs no other part of bmd.
#include "bmd/config.h"

#include <iostream>
#include <string_view>

int main(int count, char** arguments)
{
    const std::string_view what = count == 2 ? arguments[1] : "";
    if (what != "file" && what != "man") {
        std::cerr << "usage: bmd-config-text file|man\n";
        return 2;
    }
    std::cout << (what == "man" ? bm::bmd::configManPage() : bm::bmd::configText()) << std::flush;
    return std::cout ? 0 : 1;
}
