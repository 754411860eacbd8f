#include "tests/db/fixture.h"

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

TEST_CASE("a lease", "[db][lease]")
{
    World world;
    const LeaseRepository leases;
    const model::NodeId node = world.node.id;
    const auto take = [&](const std::string& holder, const std::string& boot) {
        return world.database.write(
            [&](Transaction& tx) { return leases.take(tx, node, holder, boot, "deploy", at(77)); });
    };
    const auto lease = take("c1", "boot-a");
    REQUIRE(lease);

    SECTION("has all its values")
    {
        const auto found = world.database.read([&](Transaction& tx) { return leases.find(tx, node); });
        REQUIRE(found);
        CHECK(std::tie(found->node, found->holder, found->bootId, found->purpose, found->epoch,
                       found->since) == std::tie(node, "c1", "boot-a", "deploy", lease->epoch, lease->since));
        CHECK(world.database.read([&](Transaction& tx) { return leases.all(tx); }).size() == 1);
    }
    SECTION("is exclusive, even within one process")
    {
        CHECK_FALSE(take("c2", "boot-b"));
        CHECK_FALSE(take("c1", "boot-a"));
    }
    SECTION("is taken over by a restarted conductor with a higher epoch")
    {
        const auto again = take("c1", "boot-b");
        REQUIRE(again);
        CHECK(again->epoch > lease->epoch);
    }
    SECTION("is free after its release, and its epoch never decreases")
    {
        world.database.write([&](Transaction& tx) { leases.release(tx, {node, lease->epoch}); });
        CHECK_FALSE(world.database.read([&](Transaction& tx) { return leases.find(tx, node); }));
        CHECK(world.database.read([&](Transaction& tx) { return leases.all(tx); }).empty());
        const auto other = take("c2", "boot-c");
        REQUIRE(other);
        CHECK(other->epoch > lease->epoch);
    }
    SECTION("is not released by a former holder")
    {
        const auto again = take("c1", "boot-b");
        world.database.write([&](Transaction& tx) { leases.release(tx, {node, lease->epoch}); });
        CHECK(world.database.read([&](Transaction& tx) { return leases.find(tx, node); })->epoch ==
              again->epoch);
    }
}

TEST_CASE("an update under a lease", "[db][lease][node]")
{
    World world;
    const LeaseRepository leases;
    const model::NodeId node = world.node.id;
    const auto lease = world.database.write(
        [&](Transaction& tx) { return *leases.take(tx, node, "c1", "boot-a", "deploy", at(1)); });
    const auto update = [&](const LeaseEpoch& epoch) {
        world.database.write([&](Transaction& tx) { world.nodes.update(tx, world.node, epoch); });
    };
    const auto version = [&] {
        return world.database.read([&](Transaction& tx) { return world.nodes.find(tx, node)->version; });
    };

    SECTION("is stored while the lease is held")
    {
        update({node, lease.epoch});
        CHECK(version() == 1);
    }
    SECTION("is refused after another conductor took the lease")
    {
        world.database.write(
            [&](Transaction& tx) { leases.take(tx, node, "c1", "boot-b", "deploy", at(2)); });
        const auto error = errorOf([&] { update({node, lease.epoch}); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("lease of node rack1-07"));
        CHECK(version() == 0);
    }
    SECTION("is refused after the release")
    {
        world.database.write([&](Transaction& tx) { leases.release(tx, {node, lease.epoch}); });
        CHECK(errorOf([&] { update({node, lease.epoch}); }).code() == ErrorCode::Conflict);
    }
    SECTION("is refused under the lease of another node")
    {
        const model::Node other = makeNode("other");
        const auto wrong = world.database.write([&](Transaction& tx) {
            world.nodes.insert(tx, other);
            return *leases.take(tx, other.id, "c1", "boot-a", "deploy", at(1));
        });
        CHECK(errorOf([&] { update({other.id, wrong.epoch}); }).code() == ErrorCode::Conflict);
    }
}
