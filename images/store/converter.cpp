#include "images/store/converter.h"

#include "common/model/error.h"
#include "common/text/text.h"
#include "images/base/confined_child.h"
#include "images/base/convert_exit.h"
#include "images/base/disk_space.h"
#include "images/formats/disk_refusal.h"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kConvertMemory =
    4096 * kMebibyte; // address space, including thread stacks and malloc arenas
constexpr std::uint64_t kCpuSecondsLeast = 600;
constexpr std::uint64_t kBytesPerCpuSecond = 8 * kMebibyte;
#if defined(BM_SANITIZED)
constexpr std::uint64_t kDecompressMemory = 0; // sanitizers need more shadow memory than any limit
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

/// Throws when the child failed for a reason other than the image.
void throwIfUnable(const ChildEnd& end, const std::string& program)
{
    if (ended(end, ConvertExit::NotConfined))
        throw Error(ErrorCode::Internal, "cannot create the sandbox for images: " + end.err,
                    "check whether a security policy denies seccomp or prctl to bmd");
    if (ended(end, ConvertExit::NoLandlock))
        throw Error(ErrorCode::Unavailable, "bmd does not convert images here: " + end.err,
                    "enable Landlock, add a raw image, or set security.converter_without_landlock: true");
    if (ended(end, ConvertExit::NotStarted))
        throw Error(ErrorCode::NotFound, "cannot run " + program + ": " + end.err, "install qemu-utils");
    if (end.code == 128 + SIGXCPU)
        throw Error(ErrorCode::ImageUnsupported,
                    program + " exceeded its limit of processor time on this image",
                    "convert the image to raw elsewhere and add the raw image");
    if (end.code > 128)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("signal {1} ended {0} on this image", program, end.code - 128),
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
                    fmt::format("the decompressed image exceeds the limit of {} bytes", limitBytes),
                    "shrink the image, or raise the limit (bmd --print-config)");
    if (mentions(end.err, "memory"))
        throw Error(ErrorCode::ImageUnsupported,
                    "decompression of the image needs too much memory: " + end.err,
                    "compress it again with a smaller window or dictionary");
    throwIfUnable(end, "decompression");
    throw Error(ErrorCode::ImageCorrupt, "the compressed image is damaged or truncated: " + end.err,
                std::string(kFetchAgain));
}

void throwTreeFailure(const ChildEnd& end)
{
    if (ended(end, ConvertExit::Done))
        return;
    if (ended(end, ConvertExit::TooLarge))
        throw Error(ErrorCode::ImageTooLarge, end.err,
                    "remove unneeded files, or raise the limit (bmd --print-config)");
    if (ended(end, ConvertExit::Unsupported))
        throw Error(ErrorCode::ImageUnsupported, end.err,
                    "change the archive; docs/trees.md lists the rules");
    throwIfUnable(end, "bm-convert");
    throw Error(ErrorCode::ImageCorrupt, "the archive is damaged or truncated: " + end.err,
                std::string(kFetchAgain));
}

/// Parses the last "(12.34/100%)" of qemu-img -p; -1 without one.
double lastPercent(std::string_view text)
{
    const std::size_t end = text.rfind("/100%");
    const std::size_t begin = end == std::string_view::npos ? end : text.rfind('(', end);
    if (begin == std::string_view::npos)
        return -1;
    return text::parseNumber<double>(text.substr(begin + 1, end - begin - 1)).value_or(-1);
}

/// Evaluates the output of `qemu-img check --output=json`.
void judgeCheck(DiskFormat format, const std::string& output)
{
    const nlohmann::json report = nlohmann::json::parse(output, nullptr, false);
    if (report.is_discarded() || !report.is_object())
        throw Error(ErrorCode::Internal, "qemu-img check printed no report", "check the version of qemu-img");
    if (const auto count = report.value("corruptions", std::uint64_t{0}); count > 0)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("{}: {} inconsistencies: damaged or truncated", toText(format), count),
                    std::string(kRepairImage));
}

/// For a VHD, qemu-img must use the footer's current size instead of cylinders, heads and sectors.
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
    : helper_(convertHelper(settings.convertHelper.string())), qemuImg_(settings.qemuImg),
      withoutLandlock_(settings.convertWithoutLandlock)
{}

std::vector<std::string> Converter::helperArguments(std::string_view verb,
                                                    std::vector<std::string> rest) const
{
    std::vector<std::string> all{helper_, std::string(verb)};
    if (withoutLandlock_)
        all.emplace_back("--without-landlock");
    all.insert(all.end(), std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
    return all;
}

std::string Converter::decompress(int sourceFd, std::uint64_t limitBytes, const Sink& sink, const Tick& tick,
                                  const model::Deadline& deadline) const
{
    ::lseek(sourceFd, 0, SEEK_SET);
    ChildTask task;
    task.argv =
        helperArguments("decompress", {"--limit", number(limitBytes), "--cpu", cpuSeconds(limitBytes)});
    if (kDecompressMemory > 0)
        task.argv.insert(task.argv.end(), {"--memory", number(kDecompressMemory)});
    task.inputFd = sourceFd;
    task.output = sink;
    task.tick = tick;
    const ChildEnd end = runChild(task, deadline);
    throwDecompressFailure(end, limitBytes);
    return end.err.starts_with(kIgnoredNote) ? end.err.substr(0, end.err.find('\n')) : std::string();
}

bool Converter::convertTree(int sourceFd, std::uint64_t limitBytes, const std::filesystem::path& describeFile,
                            const Sink& sink, const Tick& tick, const model::Deadline& deadline) const
{
    ChildTask task;
    task.argv =
        helperArguments("tree", {"--limit", number(limitBytes), "--describe", describeFile.string(), "--file",
                                 number(kDescriptionBytes), "--cpu", cpuSeconds(limitBytes)});
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
    if (format == DiskFormat::Vhd) // qemu-img has no check for VHD; checkVhdBlocks() has checked it
        return;
    const std::uint64_t fileBytes = std::filesystem::file_size(file);
    constexpr std::size_t kReportLimit = std::size_t{64} * 1024;
    std::string report;
    ChildTask task;
    task.argv = helperArguments("run", {"--read", file.string(), "--memory", number(kConvertMemory), "--cpu",
                                        cpuSeconds(fileBytes), "--", qemuImg_, "check", "--output=json", "-f",
                                        std::string(toText(format)), file.string()});
    task.output = [&report](std::span<const std::byte> bytes) {
        for (const std::byte byte : bytes.first(std::min(bytes.size(), kReportLimit - report.size())))
            report += static_cast<char>(byte);
    };
    const ChildEnd end = runChild(task, deadline);
    throwIfUnable(end, "qemu-img check");
    constexpr int kInternalError = 1; // qemu-img could check nothing: the content contradicts the header
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
    task.argv = helperArguments("run", {"--read", file.string(), "--write", target.string(), "--file",
                                        number(rawBytes), "--memory", number(kConvertMemory), "--cpu",
                                        cpuSeconds(rawBytes), "--", qemuImg_, "convert", "-p", "-O", "raw",
                                        "-n", "--target-is-zero"});
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
