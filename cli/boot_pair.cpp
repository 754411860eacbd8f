#include "cli/boot_pair.h"

#include "common/model/error.h"
#include "common/platform/newc.h"

#include <fstream>
#include <vector>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kMostBytes = UINT32_MAX; // what newc can say

void addFile(std::ofstream& out, const std::string& file, const std::string& name)
{
    constexpr unsigned kPlainFile = 0100644;
    if (file.find("://") != std::string::npos)
        throw Error(
            ErrorCode::InvalidInput, file + " is an address; kernel and initrd are files here",
            "put both into one archive there (tar -cf pair.tar vmlinuz initrd.img) and add its address");
    if (!std::filesystem::is_regular_file(file))
        throw Error(ErrorCode::NotFound, file + " is not a file");
    const std::uint64_t bytes = std::filesystem::file_size(file);
    if (bytes > kMostBytes)
        throw Error(ErrorCode::InvalidInput, file + " is larger than 4 GiB", "no machine boots that");
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
        throw Error(ErrorCode::InvalidInput, file + " cannot be read, or became shorter");
    out << platform::newcPadding(bytes);
}

} // namespace

BootPair::BootPair(const std::string& kernel, const std::string& initrd) : file_(folder_.path() / "pair.cpio")
{
    std::ofstream out(file_, std::ios::binary);
    addFile(out, kernel, "vmlinuz");
    addFile(out, initrd, "initrd.img");
    out << platform::newcHeader({.name = "TRAILER!!!"});
    out.close();
    if (!out)
        throw Error(ErrorCode::StoreFull, "packing kernel and initrd into " + file_.string() + " failed",
                    "make room there, or set TMPDIR");
}

} // namespace bm::cli
