// make_blocks RAW OUT: writes OUT.zst and OUT.manifest, as the image store keeps an image; prints the
// manifest's SHA-256.
#include "common/platform/files.h"
#include "common/platform/secrets.h"
#include "images/blocks/block_writer.h"

#include <cstdio>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

int main(int argc, char** argv)
{
    if (argc != 3) {
        fmt::print(stderr, "usage: make_blocks RAW OUT\n");
        return 2;
    }
    const std::string out = argv[2];
    const bm::platform::Fd raw(::open(argv[1], O_RDONLY | O_CLOEXEC));
    const bm::platform::Fd stored(
        ::open((out + ".zst").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!raw || !stored) {
        std::perror("make_blocks");
        return 1;
    }
    bm::images::BlockWriter writer(stored.get(), {});
    for (;;) {
        const std::span<std::byte> room = writer.buffer();
        const ssize_t count = ::read(raw.get(), room.data(), room.size());
        if (count <= 0)
            break;
        writer.advance(static_cast<std::size_t>(count));
    }
    const std::string manifest = serialise(writer.finish());
    bm::platform::writeFileAtomically(out + ".manifest", manifest);
    fmt::print("{}\n", bm::platform::sha256Hex(manifest));
    return 0;
}
