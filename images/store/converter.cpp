#include "images/store/converter.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "images/base/confined_child.h"
#include "images/base/convert_exit.h"
#include "images/base/disk_space.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kConvertMemory =
    4096 * kMebibyte; // address space: thread stacks and malloc arenas count
constexpr std::uint64_t kCpuSecondsLeast = 600;
constexpr std::uint64_t kBytesPerCpuSecond = 8 * kMebibyte;
#if defined(BM_SANITIZED)
constexpr std::uint64_t kDecompressMemory = 0; // their shadow memory is larger than any limit
#else
constexpr std::uint64_t kDecompressMemory =
    1024 * kMebibyte; // xz -9 needs 65 MiB; dictionaries may reach 4 GiB
#endif
constexpr std::uint64_t kTreeMemory = 2048 * kMebibyte; // two million names
constexpr std::uint64_t kDescriptionBytes = 4 * kMebibyte;
constexpr std::string_view kFetchAgain = "fetch it again and compare its checksum";

std::string number(std::uint64_t value)
{
    return std::to_string(value);
}

std::string cpuSeconds(std::uint64_t bytes)
{
    return number(kCpuSecondsLeast + bytes / kBytesPerCpuSecond);
}

bool ended(const ChildEnd& end, ConvertExit how)
{
    return end.code == static_cast<int>(how);
}

/// What went wrong with the child itself rather than with the image.
void throwIfUnable(const ChildEnd& end, const std::string& program)
{
    if (ended(end, ConvertExit::NotConfined))
        throw Error(ErrorCode::Internal, "the sandbox for images could not be made: " + end.err,
                    "does a security policy forbid seccomp or prctl to bmd?");
    if (ended(end, ConvertExit::NotStarted))
        throw Error(ErrorCode::NotFound, "cannot run " + program + ": " + end.err, "install qemu-utils");
    if (end.code == 128 + SIGXCPU)
        throw Error(ErrorCode::ImageUnsupported, program + " used up its processor time on this image",
                    "convert the image to raw elsewhere and add that");
    if (end.code > 128)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("{} was ended by signal {} on this image", program, end.code - 128),
                    std::string(kFetchAgain));
}

bool mentions(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

void throwDecompressFailure(const ChildEnd& end, std::uint64_t limitBytes)
{
    if (ended(end, ConvertExit::Done))
        return;
    if (ended(end, ConvertExit::TooLarge))
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("decompressed, the image is larger than the limit of {} bytes", limitBytes),
                    "shrink the image, or raise the limit (bmd --print-config)");
    if (mentions(end.err, "memory"))
        throw Error(ErrorCode::ImageUnsupported, "decompressing the image needs too much memory: " + end.err,
                    "compress it again with a smaller window or dictionary");
    throwIfUnable(end, "decompression");
    throw Error(ErrorCode::ImageCorrupt, "the compressed image is broken or cut off: " + end.err,
                std::string(kFetchAgain));
}

void throwTreeFailure(const ChildEnd& end)
{
    if (ended(end, ConvertExit::Done))
        return;
    if (ended(end, ConvertExit::TooLarge))
        throw Error(ErrorCode::ImageTooLarge, end.err,
                    "leave out what is not needed, or raise the limit (bmd --print-config)");
    if (ended(end, ConvertExit::Unsupported))
        throw Error(ErrorCode::ImageUnsupported, end.err, "nothing was taken in; see docs/trees.md");
    throwIfUnable(end, "bm-convert");
    throw Error(ErrorCode::ImageCorrupt, "the archive is broken or cut off: " + end.err,
                std::string(kFetchAgain));
}

/// "(12.34/100%)" as qemu-img -p prints it, after a carriage return; -1 where there is none.
double lastPercent(std::string_view text)
{
    const std::size_t end = text.rfind("/100%");
    const std::size_t begin = end == std::string_view::npos ? end : text.rfind('(', end);
    if (begin == std::string_view::npos)
        return -1;
    return text::parseNumber<double>(text.substr(begin + 1, end - begin - 1)).value_or(-1);
}

/// By `qemu-img check --output=json`.
void judgeCheck(DiskFormat format, const std::string& output)
{
    const nlohmann::json report = nlohmann::json::parse(output, nullptr, false);
    if (report.is_discarded() || !report.is_object())
        throw Error(ErrorCode::Internal, "qemu-img check gave no report", "is qemu-img of a usual version?");
    if (const auto count = report.value("corruptions", std::uint64_t{0}); count > 0)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("{}: {} inconsistencies: broken or cut off", toText(format), count),
                    "look with qemu-img check; fetch it again and compare its checksum");
}

/// For a VHD the footer's current size counts, whoever made it, not its cylinders, heads and sectors.
std::vector<std::string> sourceArguments(DiskFormat format, const std::filesystem::path& file)
{
    if (format != DiskFormat::Vhd)
        return {"-f", std::string(toText(format)), file.string()};
    std::string escaped;
    for (const char c : file.string())
        escaped += c == ',' ? ",," : std::string(1, c);
    return {"--image-opts",
            "driver=vpc,force_size_calc=current_size,file.driver=file,file.filename=" + escaped};
}

} // namespace

Converter::Converter(const StoreSettings& settings)
    : helper_(convertHelper(settings.convertHelper.string())), qemuImg_(settings.qemuImg)
{}

void Converter::decompress(int sourceFd, std::uint64_t limitBytes, const Sink& sink, const Tick& tick,
                           const model::Deadline& deadline) const
{
    ChildTask task;
    task.argv = {helper_, "decompress", "--limit", number(limitBytes), "--cpu", cpuSeconds(limitBytes)};
    if (kDecompressMemory > 0)
        task.argv.insert(task.argv.end(), {"--memory", number(kDecompressMemory)});
    task.inputFd = sourceFd;
    task.output = sink;
    task.tick = tick;
    throwDecompressFailure(runChild(task, deadline), limitBytes);
}

bool Converter::convertTree(int sourceFd, std::uint64_t limitBytes, const std::filesystem::path& describeFile,
                            const Sink& sink, const Tick& tick, const model::Deadline& deadline) const
{
    ChildTask task;
    task.argv = {helper_,      "tree",
                 "--limit",    number(limitBytes),
                 "--describe", describeFile,
                 "--file",     number(kDescriptionBytes),
                 "--cpu",      cpuSeconds(limitBytes)};
    if (kDecompressMemory > 0)
        task.argv.insert(task.argv.end(), {"--memory", number(kTreeMemory)});
    task.inputFd = sourceFd;
    task.output = sink;
    task.tick = tick;
    const ChildEnd end = runChild(task, deadline);
    if (ended(end, ConvertExit::NeedsPlain))
        return false;
    throwTreeFailure(end);
    return true;
}

void Converter::check(DiskFormat format, const std::filesystem::path& file,
                      const model::Deadline& deadline) const
{
    if (format == DiskFormat::Vhd) // qemu-img has no check for it; checkVhdBlocks() has looked
        return;
    const std::uint64_t fileBytes = std::filesystem::file_size(file);
    constexpr std::size_t kReportLimit = std::size_t{64} * 1024;
    std::string report;
    ChildTask task;
    task.argv = {helper_,      "run",
                 "--read",     file.string(),
                 "--memory",   number(kConvertMemory),
                 "--cpu",      cpuSeconds(fileBytes),
                 "--",         qemuImg_,
                 "check",      "--output=json",
                 "-f",         std::string(toText(format)),
                 file.string()};
    task.output = [&report](std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes.first(std::min(bytes.size(), kReportLimit - report.size())))
            report += static_cast<char>(byte);
    };
    const ChildEnd end = runChild(task, deadline);
    throwIfUnable(end, "qemu-img check");
    constexpr int kInternalError = 1; // nothing could be checked: it is not what its header promised
    if (end.code == kInternalError)
        throw Error(ErrorCode::ImageCorrupt, "qemu-img check: " + end.err, std::string(kFetchAgain));
    judgeCheck(format, report);
}

void Converter::convert(DiskFormat format, const std::filesystem::path& file,
                        const std::filesystem::path& target, std::uint64_t rawBytes,
                        const std::function<void(double)>& onFraction, const Tick& tick,
                        const model::Deadline& deadline) const
{
    ChildTask task;
    task.argv = {helper_,    "run",
                 "--read",   file.string(),
                 "--write",  target.string(),
                 "--file",   number(rawBytes),
                 "--memory", number(kConvertMemory),
                 "--cpu",    cpuSeconds(rawBytes),
                 "--",       qemuImg_,
                 "convert",  "-p",
                 "-O",       "raw",
                 "-n",       "--target-is-zero"};
    const std::vector<std::string> source = sourceArguments(format, file);
    task.argv.insert(task.argv.end(), source.begin(), source.end());
    task.argv.push_back(target.string());
    task.output = [&onFraction](std::span<const std::byte> bytes) {
        const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        if (const double percent = lastPercent(text); percent >= 0)
            onFraction(percent / 100);
    };
    task.tick = tick;
    const ChildEnd end = runChild(task, deadline);
    if (end.code == 0)
        return;
    if (mentions(end.err, "No space left") || mentions(end.err, "quota"))
        throwWriteFailed("converting the image", ENOSPC);
    throwIfUnable(end, "qemu-img convert");
    throw Error(ErrorCode::ImageCorrupt, "qemu-img convert: " + end.err, std::string(kFetchAgain));
}

} // namespace bm::images
