#include "cli/client/boot_pair.h"

#include "common/model/error.h"
#include "common/platform/newc.h"

#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kMostBytes = UINT32_MAX; // the largest file size that a newc header can hold

[[noreturn]] void refuseSize(const std::string& source)
{
    throw Error(ErrorCode::InvalidInput, source + " is larger than 4 GiB",
                "the archive format (newc) holds files of at most 4 GiB");
}

[[noreturn]] void refuseRoom(const std::filesystem::path& file)
{
    throw Error(ErrorCode::StoreFull, "packing kernel and initrd into " + file.string() + " failed",
                "free disk space there, or set TMPDIR to another folder");
}

bool isAddress(const std::string& source)
{
    return source.find("://") != std::string::npos;
}

void fetchOnce(const std::string& url, const std::filesystem::path& file,
               const platform::TransferProgress& progress)
{
    constexpr std::chrono::hours kLongest{2};
    constexpr std::uint64_t kLeastBytesPerSecond = 1024;
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    std::uint64_t bytes = 0;
    platform::HttpResponse response;
    try {
        response = platform::HttpClient().stream(
            {.reach = platform::Reach::ofPerson(),
             .url = url,
             .followRedirects = true,
             .minBytesPerSecond = kLeastBytesPerSecond},
            [&](std::span<const std::byte> piece) {
                bytes += piece.size();
                out.write(reinterpret_cast<const char*>(piece.data()),
                          static_cast<std::streamsize>(piece.size()));
                return out.good() && bytes <= kMostBytes;
            },
            model::Deadline::in(kLongest), progress);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Aborted)
            throw;
        if (bytes > kMostBytes)
            refuseSize(url);
        refuseRoom(file);
    }
    if (response.status == 404)
        throw Error(ErrorCode::NotFound, url + " answered 404");
    if (response.status != 200)
        throw Error(ErrorCode::InvalidInput, url + " answered " + std::to_string(response.status));
}

void fetch(const std::string& url, const std::filesystem::path& file,
           const platform::TransferProgress& progress)
{
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, url + ": a kernel or initrd is a file or an http(s) address",
                    "pack both into one archive on the server (tar -cf pair.tar vmlinuz initrd.img) and add "
                    "its address");
    constexpr int kTries = 3;
    for (int left = kTries - 1;; --left) {
        try {
            fetchOnce(url, file, progress);
            return;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::Unavailable)
                throw;
            if (left == 0)
                throw Error(ErrorCode::InvalidInput, "cannot fetch " + url + ": " + error.what(),
                            "bm fetches it from this machine; if this machine cannot reach the server, pass "
                            "a local file");
            std::this_thread::sleep_for(std::chrono::seconds{1});
        }
    }
}

void addFile(std::ofstream& out, const std::string& file, const std::string& name)
{
    constexpr unsigned kPlainFile = 0100644;
    if (!std::filesystem::is_regular_file(file))
        throw Error(ErrorCode::NotFound, file + " is not a file");
    const std::uint64_t bytes = std::filesystem::file_size(file);
    if (bytes > kMostBytes)
        refuseSize(file);
    out << platform::newcHeader({.name = name, .mode = kPlainFile, .bytes = bytes});
    std::ifstream in(file, std::ios::binary);
    std::vector<char> piece(kPieceBytes);
    std::uint64_t left = bytes;
    while (left > 0 &&
           in.read(piece.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(left, kPieceBytes)))) {
        out.write(piece.data(), in.gcount());
        left -= static_cast<std::uint64_t>(in.gcount());
    }
    if (left > 0)
        throw Error(ErrorCode::InvalidInput, file + " cannot be read, or shrank while bm read it");
    out << platform::newcPadding(bytes);
}

} // namespace

BootPair::BootPair(const std::string& kernel, const std::string& initrd,
                   const platform::TransferProgress& fetching)
    : file_(folder_.path() / "pair.cpio")
{
    std::ofstream out(file_, std::ios::binary);
    const auto add = [&](const std::string& source, const std::string& name) {
        std::string file = source;
        if (isAddress(source)) {
            file = (folder_.path() / name).string();
            fetch(source, file, fetching);
        }
        addFile(out, file, name);
    };
    add(kernel, "vmlinuz");
    add(initrd, "initrd.img");
    out << platform::newcHeader({.name = "TRAILER!!!"});
    out.close();
    if (!out)
        refuseRoom(file_);
}

} // namespace bm::cli
