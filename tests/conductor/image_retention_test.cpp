#include "tests/support/world.h"

#include "conductor/images/image_retention.h"
#include "conductor/images/image_users.h"
#include "db/repositories/image_job_repository.h"

#include <catch2/catch.hpp>
#include <thread>

using namespace bm;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> gone(test::World& world, const conductor::RetentionRule& rule)
{
    std::vector<std::string> names;
    for (const conductor::RetentionVerdict& verdict :
         world.core->catalogue.prune(rule, true, "tester").verdicts)
        if (verdict.removed)
            names.push_back(verdict.image.name);
    return names;
}

void label(test::World& world, const std::string& image, const std::string& json)
{
    world.core->catalogue.change(image, {}, [&](model::Image& changed) { changed.labels.text = json; });
}

} // namespace

TEST_CASE("retention keeps the newest images and those in use", "[conductor][images]")
{
    test::World world;
    for (const char c : {'1', '2', '3', '4'}) {
        world.image(std::string("web-") + c, c);
        label(world, std::string("web-") + c, c % 2 == 0 ? R"({"site":"a"})" : R"({"site":"b"})");
        world.clock.advance(24h);
    }
    world.image("db-1", '5');

    SECTION("by number, by prefix, by label, by age, by group")
    {
        CHECK(gone(world, {.prefix = "web-", .keepLast = 1}) ==
              std::vector<std::string>{"web-3", "web-2", "web-1"});
        CHECK(gone(world, {.labels = {{"site", "a"}}, .keepLast = 1}) == std::vector<std::string>{"web-2"});
        CHECK(gone(world, {.prefix = "web-", .groupBy = "site", .keepLast = 1}) ==
              std::vector<std::string>{"web-2", "web-1"});
        CHECK(gone(world, {.olderThan = 60h}) == std::vector<std::string>{"web-2", "web-1"});
        CHECK(gone(world, {.prefix = "web-", .keepLast = 3, .olderThan = 200h}).empty());
    }
    SECTION("a tag, a node and a deployment at work keep their images")
    {
        world.core->tags.set("web:stable", "web-1", "tester");
        world.nodeIn(model::State::Available);
        world.deploy("node-1", "web-2");
        CHECK(gone(world, {.prefix = "web-", .keepLast = 1}) == std::vector<std::string>{"web-3"});
        world.runUntilIdle();
        CHECK(world.stateOf("node-1") == model::State::Active);
        CHECK(gone(world, {.prefix = "web-", .keepLast = 1}) == std::vector<std::string>{"web-3"});
    }
    SECTION("a rule without a limit is refused")
    {
        CHECK_THROWS_AS(gone(world, {.prefix = "web-"}), model::Error);
    }
}

TEST_CASE("interrupted image jobs end or continue at start", "[conductor][images]")
{
    test::World world;
    model::Image image;
    image.id = model::ImageId::make();
    image.name = "half";
    image.createdAt = image.updatedAt = world.clock.now();
    const auto insert = [&](bool withJob) {
        world.core->database.write([&](db::Transaction& tx) {
            db::ImageRepository{}.insert(tx, image);
            if (withJob)
                db::ImageJobRepository{}.store(
                    tx, {.image = image.id, .kind = "import", .file = "gone", .starts = 5});
        });
    };
    SECTION("an import without a job has lost its client: it fails with a hint")
    {
        insert(false);
        world.core->catalogue.recover();
        world.core->catalogue.start();
        const model::Image failed = world.core->catalogue.get("half", {});
        CHECK(failed.state == model::ImageState::Failed);
        CHECK(failed.errorCode == "aborted");
        CHECK_FALSE(failed.errorHint.empty());
    }
    SECTION("an import that has crashed bmd several times fails")
    {
        insert(true);
        world.core->catalogue.recover();
        world.core->catalogue.start();
        const model::Deadline deadline = model::Deadline::in(std::chrono::seconds{20});
        while (world.core->catalogue.get("half", {}).state == model::ImageState::Importing &&
               !deadline.over())
            std::this_thread::sleep_for(10ms);
        CHECK(world.core->catalogue.get("half", {}).errorCode == "quarantined");
    }
    world.core->catalogue.stop();
}
