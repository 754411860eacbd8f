#include "tests/images/store_world.h"

#include <archive.h>
#include <archive_entry.h>
#include <map>

using namespace bm;
using namespace bm::images::testing;
using Catch::Matchers::Contains;
using model::ErrorCode;

namespace {

std::map<std::string, std::string> filesOf(const std::string& image)
{
    std::map<std::string, std::string> files;
    archive* reader = archive_read_new();
    archive_read_support_format_iso9660(reader);
    REQUIRE(archive_read_open_memory(reader, image.data(), image.size()) == ARCHIVE_OK);
    archive_entry* entry = nullptr;
    while (archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
        std::string content(static_cast<std::size_t>(archive_entry_size(entry)), '\0');
        if (archive_entry_filetype(entry) != AE_IFREG)
            continue;
        REQUIRE(archive_read_data(reader, content.data(), content.size()) ==
                static_cast<la_ssize_t>(content.size()));
        files[archive_entry_pathname(entry)] = content;
    }
    archive_read_free(reader);
    return files;
}

} // namespace

TEST_CASE("a config drive has the form that cloud-init expects", "[images][config-drive]")
{
    StoreWorld world;
    const std::string user = "#cloud-config\nhostname: rack1-07\n" + noise(300'000, 3);
    const std::string image = images::makeConfigDrive({.metaDataJson = R"({"uuid": "u-1"})",
                                                       .userData = user,
                                                       .networkDataJson = R"({"links": []})",
                                                       .vendorDataJson = {}});
    world.write("drive.iso", image);

    SECTION("it is an ISO 9660 file system labelled config-2")
    {
        const std::string probed =
            world.run({"/usr/sbin/blkid", "-p", "-o", "export", world.path("drive.iso").string()});
        CHECK_THAT(probed, Contains("TYPE=iso9660"));
        CHECK_THAT(probed, Contains("LABEL=config-2"));
    }
    SECTION("it has lower-case file names and no empty file")
    {
        const std::map<std::string, std::string> files = filesOf(image);
        REQUIRE(files.size() == 3);
        CHECK(files.at("openstack/latest/meta_data.json") == R"({"uuid": "u-1"})");
        CHECK(files.at("openstack/latest/user_data") == user);
        CHECK(files.at("openstack/latest/network_data.json") == R"({"links": []})");
    }
    SECTION("decodeConfigDrive() restores it from Ironic's form")
    {
        world.shell("gzip -c drive.iso | base64 > drive.b64; gzip -c drive.iso | base64 -w0 > drive.line");
        CHECK(images::decodeConfigDrive(platform::readFile(world.path("drive.b64"))) == image);
        CHECK(images::decodeConfigDrive(platform::readFile(world.path("drive.line"))) == image);
    }
}

TEST_CASE("an invalid config drive is refused", "[images][config-drive]")
{
    StoreWorld world;
    const auto refused = [](const std::string& text) {
        const Failure failure = failureOf([&] { images::decodeConfigDrive(text); });
        CHECK(failure.code == ErrorCode::InvalidInput);
        return failure.message;
    };
    SECTION("not base64")
    {
        for (const char* text : {"", "====", "ab", "a===", "abc$", "ab=c", "{\"meta_data\": 1}"})
            CHECK_THAT(refused(text), Contains("base64"));
    }
    SECTION("not gzip")
    {
        CHECK_THAT(refused("aGVsbG8gd29ybGQ="), Contains("gzip"));
    }
    SECTION("truncated or damaged")
    {
        world.write("x", noise(5000, 1));
        world.shell("gzip -c x | head -c -3 | base64 > cut; (gzip -c x | head -c -8; echo -n 12345678) | "
                    "base64 > bad");
        CHECK_THAT(refused(platform::readFile(world.path("cut"))), Contains("truncated"));
        CHECK_THAT(refused(platform::readFile(world.path("bad"))), Contains("check"));
    }
    SECTION("larger than 64 MiB")
    {
        world.shell("head -c 70000000 /dev/zero | gzip -1 | base64 > bomb");
        CHECK_THAT(refused(platform::readFile(world.path("bomb"))), Contains("larger"));
    }
}
