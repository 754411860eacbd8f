// bm-convert: the child process that decompresses and converts foreign disk images. It confines itself before
// it reads a byte.
#include "common/platform/confine/sandbox.h"
#include "common/text/text.h"
#include "images/convert/decompress.h"
#include "images/convert/tree.h"

#include <cerrno>
#include <clocale>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unistd.h>

namespace {

using bm::images::ConvertExit;
using bm::platform::Confinement;

constexpr const char* kUsage = R"(usage:
  bm-convert decompress --limit BYTES [limits] < SOURCE > RAW
  bm-convert tree --limit BYTES --describe FILE [limits] < ARCHIVE > PAX
  bm-convert run [--read FILE]... [--write FILE]... [limits] -- PROGRAM [ARGUMENT]...
limits: --memory BYTES  --cpu SECONDS  --file BYTES  --without-landlock (where the kernel lacks it)
Runs in a sandbox: no network, no privileges, only the named files. bmd starts it.
)";

struct Arguments {
    Confinement confinement;
    std::uint64_t limitBytes = 0;
    std::string describeFile;
    std::size_t programAt = 0; ///< index after "--"; 0: none
};

bool setNumber(std::uint64_t& target, std::string_view text)
{
    const std::optional<std::uint64_t> number = bm::text::parseNumber<std::uint64_t>(text);
    target = number.value_or(0);
    return number.has_value();
}

bool setOption(Arguments& arguments, std::string_view name, const char* value)
{
    if (name == "--read")
        arguments.confinement.readPaths.emplace_back(value);
    else if (name == "--write")
        arguments.confinement.writePaths.emplace_back(value);
    else if (name == "--describe")
        arguments.describeFile = value;
    else if (name == "--memory")
        return setNumber(arguments.confinement.memoryBytes, value);
    else if (name == "--cpu")
        return setNumber(arguments.confinement.cpuSeconds, value);
    else if (name == "--file")
        return setNumber(arguments.confinement.fileBytes, value);
    else if (name == "--limit")
        return setNumber(arguments.limitBytes, value);
    else
        return false;
    return true;
}

std::optional<Arguments> parse(std::span<char*> words)
{
    Arguments arguments;
    for (std::size_t i = 2; i < words.size(); ++i) {
        const std::string_view word = words[i];
        if (word == "--") {
            arguments.programAt = i + 1;
            return arguments;
        }
        if (word == "--without-landlock")
            arguments.confinement.landlockOptional = true;
        else if (++i >= words.size() || !setOption(arguments, word, words[i]))
            return std::nullopt;
    }
    return arguments;
}

ConvertExit confined(const Confinement& confinement)
{
    bm::platform::Sandbox sandbox(confinement);
    const char* const failure = sandbox.enter();
    if (failure == nullptr)
        return ConvertExit::Done;
    const bool noLandlock = failure == bm::platform::kNoLandlock;
    std::fprintf(stderr, "%s%s%s\n", failure, noLandlock ? "" : ": ", noLandlock ? "" : std::strerror(errno));
    return noLandlock ? ConvertExit::NoLandlock : ConvertExit::NotConfined;
}

ConvertExit run(const Arguments& arguments, std::span<char*> words)
{
    if (const ConvertExit exit = confined(arguments.confinement); exit != ConvertExit::Done)
        return exit;
    ::execv(words[arguments.programAt], words.data() + arguments.programAt);
    std::fprintf(stderr, "%s: %s\n", words[arguments.programAt], std::strerror(errno));
    return ConvertExit::NotStarted;
}

ConvertExit tree(const Arguments& arguments)
{
    if (std::setlocale(LC_CTYPE, "C.UTF-8") ==
        nullptr) { // pax names are UTF-8; the sandbox would deny the locale's file
        std::fputs("this system has no locale C.UTF-8 (package libc-bin)\n", stderr);
        return ConvertExit::NotStarted;
    }
    Confinement confinement = arguments.confinement;
    confinement.writePaths.push_back(arguments.describeFile);
    if (const ConvertExit exit = confined(confinement); exit != ConvertExit::Done)
        return exit;
    bm::images::TreeLimits limits;
    limits.bytes = arguments.limitBytes;
    return bm::images::convertTree(limits, arguments.describeFile);
}

ConvertExit dispatch(std::span<char*> words)
{
    const std::string_view verb = words.size() > 1 ? words[1] : "";
    const std::optional<Arguments> arguments = parse(words);
    if (arguments && verb == "run" && arguments->programAt > 0 && arguments->programAt < words.size())
        return run(*arguments, words);
    if (arguments && verb == "decompress" && arguments->programAt == 0) {
        const ConvertExit exit = confined(arguments->confinement);
        return exit == ConvertExit::Done ? bm::images::decompress(arguments->limitBytes) : exit;
    }
    if (arguments && verb == "tree" && !arguments->describeFile.empty())
        return tree(*arguments);
    std::fputs(kUsage, stderr);
    return ConvertExit::Usage;
}

} // namespace

int main(int count, char** words)
{
    // Skips exit handlers: there is nothing to clean up, and the sandbox may deny their system calls.
    ::_exit(static_cast<int>(dispatch(std::span(words, static_cast<std::size_t>(count)))));
}
