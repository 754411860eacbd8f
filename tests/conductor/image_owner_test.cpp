// Images that bm makes for a project: fetched by address, or captured.
#include "conductor/images/image_by_url.h"
#include "conductor/images/image_reference.h"
#include "conductor/operations/capture_request.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <set>

using namespace bm;
using Catch::Matchers::Contains;
using conductor::ImageAccess;
using model::ErrorCode;
using model::Image;
using model::ImageVisibility;
using model::State;
using test::World;

namespace {

const std::string kUrl = "http://images.example/debian.qcow2";
const std::string kSum = "sha256:" + std::string(64, '1');

Image fetchedFor(World& world, const std::string& project, const std::string& url = kUrl,
                 const std::string& checksum = kSum)
{
    return world.core->database.write([&](db::Transaction& tx) {
        return conductor::imageByUrl(tx, world.core->context, {url, checksum}, {project}, "tester");
    });
}

model::Error thrownBy(const std::function<void()>& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    return {ErrorCode::Internal, ""};
}

} // namespace

TEST_CASE("one rule gives access to an image", "[conductor][images][security]")
{
    struct Row {
        const char* owner;
        ImageVisibility visibility;
        const char* project;
        ImageAccess access;
    };
    for (const Row& row : {Row{"", ImageVisibility::Public, "", ImageAccess::Change},
                           Row{"alpha", ImageVisibility::Project, "", ImageAccess::Change},
                           Row{"", ImageVisibility::Public, "alpha", ImageAccess::Use},
                           Row{"alpha", ImageVisibility::Public, "alpha", ImageAccess::Use},
                           Row{"alpha", ImageVisibility::Project, "alpha", ImageAccess::Change},
                           Row{"alpha", ImageVisibility::Project, "beta", ImageAccess::None},
                           Row{"", ImageVisibility::Project, "beta", ImageAccess::None}}) {
        INFO(row.owner << " " << model::toText(row.visibility) << " for " << row.project);
        Image image;
        image.owner = row.owner;
        image.visibility = row.visibility;
        CHECK(conductor::accessTo(image, {row.project}) == row.access);
    }
    CHECK(Image{}.visibility == ImageVisibility::Project);
}

TEST_CASE("an image fetched by address belongs to its project", "[conductor][images][security]")
{
    World world;
    const Image first = fetchedFor(world, "alpha");
    CHECK(first.owner == "alpha");
    CHECK(first.visibility == ImageVisibility::Project);
    CHECK(fetchedFor(world, "alpha").id == first.id);

    SECTION("and differs by checksum, by any part of the address, and by project")
    {
        std::set<std::string> ids{first.id.uuid};
        std::set<std::string> names{first.name};
        for (const Image& other :
             {fetchedFor(world, "alpha", kUrl, "sha256:" + std::string(64, '2')),
              fetchedFor(world, "alpha", kUrl, "http://images.example/SHA256SUMS"),
              fetchedFor(world, "alpha", kUrl + "?build=2"), fetchedFor(world, "alpha", kUrl + "#"),
              fetchedFor(world, "alpha", "http://eve:x@images.example/debian.qcow2"),
              fetchedFor(world, "alpha", "http://images.example:8080/debian.qcow2"),
              fetchedFor(world, "beta"), fetchedFor(world, "")}) {
            CHECK(ids.insert(other.id.uuid).second);
            CHECK(names.insert(other.name).second);
        }
    }
    SECTION("and no other project finds it")
    {
        for (const std::string& reference : {first.name, first.id.uuid}) {
            const auto found = [&](const std::string& project) {
                return world.core->database.read([&](db::Transaction& tx) {
                    return conductor::lookUpImage(tx, reference, {project}).has_value();
                });
            };
            CHECK(found("alpha"));
            CHECK(found(""));
            CHECK_FALSE(found("beta"));
        }
        CHECK(world.core->catalogue.list({"beta"}).empty());
        CHECK(thrownBy([&] { world.core->catalogue.remove(first.name, {"beta"}, "eve"); }).code() ==
              ErrorCode::NotFound);
        CHECK(thrownBy([&] { world.core->catalogue.verify(first.name, {"beta"}, "eve"); }).code() ==
              ErrorCode::NotFound);
    }
    SECTION("also when an image has the name that it would get")
    {
        const Image taken = fetchedFor(world, "beta");
        world.core->database.write([&](db::Transaction& tx) {
            const db::ImageRepository images;
            images.remove(tx, taken.id);
            Image other = taken;
            other.id = model::ImageId::make();
            other.owner = "alpha";
            other.addressKey.clear();
            images.insert(tx, other);
        });
        const Image again = fetchedFor(world, "beta");
        CHECK(again.owner == "beta");
        CHECK(again.name != taken.name);
        CHECK(again.name.starts_with(taken.name));
    }
    SECTION("and a failed one is fetched again")
    {
        world.core->catalogue.change(first.name, {},
                                     [](Image& image) { image.state = model::ImageState::Failed; });
        const Image again = fetchedFor(world, "alpha");
        CHECK(again.id != first.id);
        CHECK(again.name == first.name);
    }
    SECTION("until the system gives it to another one")
    {
        world.core->catalogue.change(first.name, {}, [](Image& image) { image.owner = "beta"; });
        CHECK(fetchedFor(world, "alpha").id != first.id);
    }
}

TEST_CASE("a project's address is http or https, unless bmd.yaml says more", "[conductor][images][security]")
{
    World world;
    const auto reach = [&](const std::string& url, const std::string& project) {
        conductor::requireReachable(world.core->context, {url, kSum}, {project});
    };
    for (const char* url : {"s3://fleet/debian.qcow2", "bm://other-site:6385/golden",
                            "https://other-site:6385/v1/images/golden"}) {
        INFO(url);
        const model::Error error = thrownBy([&] { reach(url, "alpha"); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.message(), Contains("not for projects"));
        CHECK_THAT(error.hint(), Contains("images.project_schemes"));
        CHECK_NOTHROW(reach(url, ""));
    }
    CHECK_NOTHROW(reach(kUrl, "alpha"));
    CHECK(thrownBy([&] { fetchedFor(world, "alpha", "s3://fleet/debian.qcow2"); }).code() ==
          ErrorCode::InvalidInput);
    CHECK(world.core->catalogue.list({}).empty());
}

TEST_CASE("a captured image belongs to the node's project", "[conductor][capture][security]")
{
    World world;
    world.nodeIn(State::Active, "golden");
    const auto captured = [&](const std::string& owner, const std::string& lessee) {
        world.core->nodes.update(
            "golden",
            [&](model::Node& node) {
                node.owner = owner;
                node.lessee = lessee;
            },
            "alice");
        conductor::beginCapture(world.core->context, "golden", {.name = "copy", .rootDeviceJson = {}},
                                "alice");
        return world.core->catalogue.get("copy", {});
    };
    SECTION("of its owner")
    {
        CHECK(captured("alpha", "").owner == "alpha");
        CHECK(world.core->catalogue.list({"beta"}).size() == 1); // the public one that was deployed
    }
    SECTION("of its lessee, whose files they are")
    {
        CHECK(captured("alpha", "beta").owner == "beta");
    }
    SECTION("or of the system, until the system publishes it")
    {
        const Image image = captured("", "");
        CHECK(image.owner.empty());
        CHECK(image.visibility == ImageVisibility::Project);
    }
}
