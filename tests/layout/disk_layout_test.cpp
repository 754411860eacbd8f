#include "common/layout/disk_layout.h"
#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using namespace bm::layout;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::string refusalOf(const json& layout)
{
    try {
        layoutFromJson(layout);
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::InvalidInput);
        return error.message();
    }
    FAIL("taken: " << layout.dump());
    return {};
}

std::string textRefusalOf(const std::string& text)
{
    try {
        layoutFromText(text, "web.yaml");
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::InvalidInput);
        return error.message();
    }
    FAIL("taken: " << text);
    return {};
}

/// A valid layout; tests break one member of it.
json good()
{
    return json::parse(R"({"partitions": [{"name": "bios", "kind": "bios"}, {"name": "esp", "kind": "esp"},
        {"name": "srv", "fs": "xfs", "size": "10GiB", "mount": "/srv"}, {"name": "root", "fs": "ext4", "mount": "/"}]})");
}

json with(const std::string& pointer, json value)
{
    json layout = good();
    layout[json::json_pointer(pointer)] = std::move(value);
    return layout;
}

} // namespace

TEST_CASE("a layout of an ordinary machine", "[layout]")
{
    const DiskLayout layout = layoutFromJson(good());
    REQUIRE(layout.partitions.size() == 4);
    CHECK(layout.loader == Loader::Grub);
    CHECK_FALSE(layout.mirror);
    SECTION("has the members of its text")
    {
        CHECK(layout.partitions[2].volume.sizeBytes == 10 * 1024 * kMiB);
        CHECK(layout.partitions[2].volume.fileSystem == FileSystem::Xfs);
        CHECK(layout.partitions[3].volume.mount == "/");
    }
    SECTION("has defaults for the other members")
    {
        CHECK(layout.partitions[0].volume.sizeBytes == kMiB);
        CHECK(layout.partitions[1].volume.sizeBytes == 256 * kMiB);
        CHECK(layout.partitions[1].volume.fileSystem == FileSystem::Vfat);
        CHECK(layout.partitions[1].volume.mount == "/boot/efi");
        CHECK(layout.partitions[3].volume.sizeBytes == 0);
    }
    SECTION("needs the sum of its sizes and the tree's files")
    {
        CHECK(layout.leastBytes(100 * kMiB) == (4 + 1 + 256 + 10 * 1024 + 100) * kMiB);
    }
}

TEST_CASE("bm's own layouts are valid", "[layout]")
{
    for (const char* name : {"plain", "xfs", "btrfs", "lvm", "mirror"}) {
        INFO(name);
        CHECK_FALSE(layoutFromJson(namedLayout(name)).partitions.empty());
    }
    CHECK(layoutFromJson(namedLayout("mirror")).mirror);
    CHECK(layoutFromJson(namedLayout("lvm")).partitions.back().volumes.size() == 1);
    CHECK_THROWS_WITH(namedLayout("zfs"), Contains("zfs"));
}

TEST_CASE("an error of a layout names its member", "[layout][refusal]")
{
    CHECK_THAT(refusalOf(json::array()), Contains("expected an object"));
    CHECK_THAT(refusalOf(json::object()), StartsWith("partitions: "));
    CHECK_THAT(refusalOf(with("/partition", 1)), StartsWith("partition: "));
    CHECK_THAT(refusalOf(with("/partitions/2/sise", "1GiB")), StartsWith("partitions[2].sise: "));
    CHECK_THAT(refusalOf(with("/partitions/2/fs", "zfs")), StartsWith("partitions[2].fs: "));
    CHECK_THAT(refusalOf(with("/partitions/2/name", "a b")), StartsWith("partitions[2].name: "));
    CHECK_THAT(refusalOf(with("/partitions/2/name", "")), StartsWith("partitions[2].name: "));
    CHECK_THAT(refusalOf(with("/partitions/2/name", "-rf")), StartsWith("partitions[2].name: "));
    CHECK_THAT(refusalOf(with("/partitions/2/name", "root")), StartsWith("partitions[3].name: "));
    CHECK_THAT(refusalOf(with("/partitions/2/kind", "zfs")), StartsWith("partitions[2].kind: "));
    CHECK_THAT(refusalOf(with("/partitions/2/volumes", json::array())), Contains("kind: lvm"));
    CHECK_THAT(refusalOf(with("/partitions/0/fs", "ext4")), StartsWith("partitions[0].fs: "));
    CHECK_THAT(refusalOf(with("/loader", "lilo")), StartsWith("loader: "));
    CHECK_THAT(refusalOf(with("/mirror", "perhaps")), StartsWith("Invalid mirror"));
    CHECK_THAT(refusalOf(with("/kernel_arguments", "a\nmenuentry")), StartsWith("kernel_arguments: "));
    CHECK_THAT(refusalOf(with("/kernel_arguments", "a; reboot")), StartsWith("kernel_arguments: "));
}

TEST_CASE("sizes are bounded and unambiguous", "[layout][refusal]")
{
    for (const json& size :
         {json("10GB"), json("1.5GiB"), json("-1GiB"), json("0MiB"), json("99999999999999999TiB"),
          json("GiB"), json(""), json(1), json(-5), json(1.5), json("2PiB"), json(true)}) {
        INFO(size);
        CHECK_THAT(refusalOf(with("/partitions/2/size", size)), StartsWith("partitions[2].size: "));
    }
    CHECK(layoutFromJson(with("/partitions/2/size", 5 * kMiB)).partitions[2].volume.sizeBytes == 5 * kMiB);
    CHECK_THAT(refusalOf(with("/partitions/2/size", "rest")), StartsWith("partitions[2].size: "));
    json many = good();
    while (many["partitions"].size() < 40)
        many["partitions"].push_back(json{{"name", "root"}, {"fs", "ext4"}, {"mount", "/"}});
    CHECK_THAT(refusalOf(many), StartsWith("partitions: "));
}

TEST_CASE("mounts stay inside the tree and are unique", "[layout][refusal]")
{
    for (const char* mount :
         {"srv", "/srv/", "//srv", "/srv/../etc", "/..", "/./srv", "/a b", "/a\nb", "/a#b", "/a\\040b", ""}) {
        INFO(mount);
        if (*mount != '\0')
            CHECK_THAT(refusalOf(with("/partitions/2/mount", mount)), StartsWith("partitions[2].mount: "));
    }
    CHECK_THAT(refusalOf(with("/partitions/2/mount", "/")), StartsWith("partitions[3].mount: "));
    CHECK_THAT(refusalOf(with("/partitions/3/mount", "/data")), Contains("mounted at /"));
    CHECK_THAT(refusalOf(with("/partitions/2/options", "a b")), StartsWith("partitions[2].options: "));
    CHECK_THAT(refusalOf(with("/partitions/2/fs", "swap")), StartsWith("partitions[2].mount: "));
}

TEST_CASE("only a mounted data partition can be preserved", "[layout][refusal]")
{
    CHECK(layoutFromJson(with("/preserve", {"/srv"})).preserve.size() == 1);
    for (const char* mount : {"/", "/home", "srv", ""}) {
        INFO(mount);
        CHECK_THAT(refusalOf(with("/preserve", json::array({mount}))), StartsWith("preserve[0]: "));
    }
}

TEST_CASE("a layout needs a partition for a boot loader", "[layout][refusal]")
{
    json layout = good();
    layout["partitions"].erase(0);
    layout["partitions"].erase(0);
    CHECK_THAT(refusalOf(layout), Contains("nothing would boot"));
    layout["loader"] = "none";
    CHECK(layoutFromJson(layout).loader == Loader::None);
    json twice = good();
    twice["partitions"][2] = json{{"name", "other"}, {"kind", "esp"}, {"mount", "/efi"}};
    CHECK_THAT(refusalOf(twice), Contains("two of kind esp"));
}

TEST_CASE("a layout in YAML", "[layout][yaml]")
{
    const json layout = layoutFromText("partitions:\n"
                                       "  - {name: bios, kind: bios}   # for old machines\n"
                                       "  - name: root\n    fs: ext4\n    mount: /\n"
                                       "kernel_arguments: console=ttyS0\n",
                                       "web.yaml");
    CHECK(layoutFromJson(layout).kernelArguments == "console=ttyS0");
    CHECK(layoutFromText(good().dump(), "web.yaml") == good());
    CHECK_THROWS_WITH(layoutFromText(good().dump() + "\n---\npreserve: []\n", "web.yaml"),
                      Catch::StartsWith("web.yaml:3:1: a second YAML document"));
    const json named = layoutFromText(
        "partitions:\n  - {name: bios, kind: bios}\n  - {name: 0012, fs: ext4, mount: /}\n", "web.yaml");
    CHECK(named.at("partitions").at(1).at("name") == "0012");
}

TEST_CASE("errors of a file have line and column", "[layout][yaml][refusal]")
{
    CHECK_THAT(textRefusalOf("partitions:\n  - {name: root, fs: zfs, mount: /}\n"),
               StartsWith("web.yaml:2:18: partitions[0].fs"));
    CHECK_THAT(textRefusalOf("partitions: [\n"), StartsWith("web.yaml:"));
    CHECK_THAT(textRefusalOf("loader: grub\nloader: none\npartitions: []\n"), StartsWith("web.yaml:2:1: "));
    CHECK_THAT(textRefusalOf(""), StartsWith("web.yaml"));
    CHECK_THAT(textRefusalOf(std::string(300'000, '#')), Contains("256 KiB"));
    CHECK_THAT(textRefusalOf("[[[[[[[[[[[[[]]]]]]]]]]]]]"), Contains("nested"));
    CHECK_THAT(textRefusalOf("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c "
                             "[*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                             "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"),
               Contains("too long"));
}
