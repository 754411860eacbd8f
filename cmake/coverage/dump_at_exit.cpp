// Writes gcov's counters when a program ends without returning from main (README.md). The linker's --wrap
// redirects the calls of bm's own code to these functions.
#include <csignal>
#include <initializer_list>
#include <unistd.h>

// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the linker and gcov give these
// names
extern "C" {

void __gcov_dump();
[[noreturn]] void __real__exit(int status);
int __real_execv(const char* path, char* const argv[]);
int __real_execvp(const char* file, char* const argv[]);

[[noreturn]] void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

int __wrap_execv(const char* path, char* const argv[])
{
    __gcov_dump();
    return __real_execv(path, argv);
}

int __wrap_execvp(const char* file, char* const argv[])
{
    __gcov_dump();
    return __real_execvp(file, argv);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace {

void dumpAndDie(int signal)
{
    __gcov_dump();
    std::signal(signal, SIG_DFL);
    ::raise(signal);
}

// Programs that handle these signals replace the handlers later.
const bool kInstalled = [] {
    for (const int signal : {SIGTERM, SIGINT})
        if (std::signal(signal, dumpAndDie) == SIG_IGN)
            std::signal(signal, SIG_IGN);
    return true;
}();

} // namespace
