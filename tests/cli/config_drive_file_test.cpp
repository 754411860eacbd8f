#include "cli/client/config_drive_file.h"
#include "common/model/error.h"
#include "common/text/base64.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using cli::configDriveOf;

namespace {

std::string imageWith(std::size_t offset, const std::string& magic)
{
    std::string image(65536, '\0');
    image.replace(offset, magic.size(), magic);
    return image;
}

std::string gzipOf(const std::string& image)
{
    return *text::fromBase64(configDriveOf(image, "drive"));
}

} // namespace

TEST_CASE("--config-drive takes an image, gzip of it, and base64 of either", "[cli][config-drive]")
{
    for (const std::string& image :
         {imageWith(0x8001, "CD001"), imageWith(0x36, "FAT16   "), imageWith(0x52, "FAT32   ")}) {
        const std::string gzip = gzipOf(image);
        CHECK(gzip.starts_with("\x1f\x8b"));
        CHECK(gzip.size() < image.size());
        const std::string wanted = text::toBase64(gzip);
        CHECK(configDriveOf(gzip, "drive") == wanted);
        CHECK(configDriveOf(wanted + "\n", "drive") == wanted);
        CHECK(configDriveOf(wanted.substr(0, 76) + "\n" + wanted.substr(76), "drive") == wanted);
        CHECK(configDriveOf(text::toBase64(image), "drive") == wanted);
    }
    // the image of two members
    const std::string two = gzipOf(imageWith(0x8001, "CD001")) + gzipOf(imageWith(0x36, "FAT"));
    CHECK(configDriveOf(two, "drive") == text::toBase64(two));
}

TEST_CASE("--config-drive refuses what is no config drive", "[cli][config-drive]")
{
    const std::string gzip = gzipOf(imageWith(0x8001, "CD001"));
    for (const std::string& text : {std::string(), std::string("#cloud-config\n"), std::string("{}"),
                                    std::string(65536, '\0'), text::toBase64("text")}) {
        INFO(text.substr(0, 20));
        CHECK_THROWS_WITH(configDriveOf(text, "drive"), Contains("drive: not an ISO 9660 or FAT image"));
    }
    CHECK_THROWS_WITH(configDriveOf(gzip.substr(0, gzip.size() - 5), "drive"), Contains("damaged"));
    CHECK_THROWS_WITH(configDriveOf("\x1f\x8b", "drive"), Contains("damaged"));
    std::string broken = gzip;
    broken[broken.size() - 6] ^= 1; // the CRC
    CHECK_THROWS_WITH(configDriveOf(broken, "drive"), Contains("damaged"));
    CHECK_THROWS_WITH(
        configDriveOf(std::string((std::size_t{64} << 20U) + 512, '\0').replace(0x36, 3, "FAT"), "drive"),
        Contains("larger than 64 MiB"));
}
