#include "tests/db/fixture.h"

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

TEST_CASE("ports", "[db][port]")
{
    World world;
    const PortRepository ports;
    Database& database = world.database;
    model::Port port;
    port.id = model::PortId::make();
    port.node = world.node.id;
    port.mac.text = "52:54:00:12:34:56";
    port.name = "eth0";
    port.extra.text = R"({"a":1})";
    port.localLinkConnection.text = R"({"switch":"s1"})";
    port.physicalNetwork = "prov";
    port.createdAt = at(10);
    port.updatedAt = at(11);
    database.write([&](Transaction& tx) { ports.insert(tx, port); });

    SECTION("are read as stored, by id, MAC and node")
    {
        database.read([&](Transaction& tx) {
            const auto found = ports.find(tx, port.id);
            REQUIRE(found);
            CHECK(std::tie(found->id, found->node, found->mac, found->name, found->pxeEnabled, found->extra,
                           found->localLinkConnection, found->physicalNetwork, found->createdAt,
                           found->updatedAt) ==
                  std::tie(port.id, port.node, port.mac, port.name, port.pxeEnabled, port.extra,
                           port.localLinkConnection, port.physicalNetwork, port.createdAt, port.updatedAt));
            CHECK(ports.findByMac(tx, port.mac)->id == port.id);
            CHECK_FALSE(ports.findByMac(tx, {"52:54:00:12:34:57"}));
            CHECK(ports.ofNode(tx, world.node.id).size() == 1);
            CHECK(ports.ofNode(tx, model::NodeId::make()).empty());
            CHECK(ports.all(tx).size() == 1);
        });
    }
    SECTION("have a unique MAC address")
    {
        port.id = model::PortId::make();
        const auto error = errorOf([&] { database.write([&](Transaction& tx) { ports.insert(tx, port); }); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("ports.address"));
    }
    SECTION("belong to an existing node")
    {
        port.id = model::PortId::make();
        port.mac.text = "52:54:00:12:34:99";
        port.node = model::NodeId::make();
        CHECK(errorOf([&] { database.write([&](Transaction& tx) { ports.insert(tx, port); }); }).code() ==
              ErrorCode::NotFound);
    }
    SECTION("are updated and removed")
    {
        port.pxeEnabled = false;
        database.write([&](Transaction& tx) { ports.update(tx, port); });
        CHECK_FALSE(database.read([&](Transaction& tx) { return ports.find(tx, port.id); })->pxeEnabled);
        database.write([&](Transaction& tx) { ports.remove(tx, port.id); });
        CHECK(errorOf([&] { database.write([&](Transaction& tx) { ports.update(tx, port); }); }).code() ==
              ErrorCode::NotFound);
    }
    SECTION("are paged in order of creation")
    {
        for (int i = 0; i < 5; ++i) {
            port.id = model::PortId::make();
            port.mac.text = "52:54:00:12:34:0" + std::to_string(i);
            port.createdAt = at(20 - i / 2);
            database.write([&](Transaction& tx) { ports.insert(tx, port); });
        }
        database.read([&](Transaction& tx) {
            const auto first = ports.list(tx, 4, "");
            REQUIRE(first.size() == 4);
            const auto second = ports.list(tx, 4, first.back().id.uuid);
            REQUIRE(second.size() == 2);
            CHECK(first.back().createdAt <= second.front().createdAt);
            CHECK(ports.list(tx, 4, second.back().id.uuid).empty());
        });
        CHECK(errorOf([&] {
                  database.read([&](Transaction& tx) { ports.list(tx, 4, "nonsense"); });
              }).code() == ErrorCode::NotFound);
    }
}

TEST_CASE("images", "[db][image]")
{
    World world;
    const ImageRepository images;
    Database& database = world.database;
    model::Image image;
    image.id = model::ImageId::make();
    image.name = "debian-12";
    image.state = model::ImageState::Ready;
    image.contentId = "abc";
    image.sizeBytes = std::uint64_t{5} << 40U;
    image.storedBytes = 2;
    image.dataBytes = 3;
    image.sourceFormat = "qcow2+gz";
    image.source = "https://example.org/d.qcow2";
    image.manifestSha256 = "ff";
    image.owner = "web";
    image.visibility = model::ImageVisibility::Public;
    image.addressKey = "k";
    image.progressBytes = 4;
    image.progressTotalBytes = 5;
    image.errorCode = "image-corrupt";
    image.errorMessage = "m";
    image.errorHint = "h";
    image.createdAt = at(1);
    image.updatedAt = at(2);
    database.write([&](Transaction& tx) { images.insert(tx, image); });

    SECTION("are read as stored, by id and name")
    {
        const auto found = database.read([&](Transaction& tx) { return images.find(tx, image.id); });
        REQUIRE(found);
        CHECK(std::tie(found->name, found->state, found->contentId, found->sizeBytes, found->storedBytes,
                       found->dataBytes, found->sourceFormat, found->source, found->manifestSha256) ==
              std::tie(image.name, image.state, image.contentId, image.sizeBytes, image.storedBytes,
                       image.dataBytes, image.sourceFormat, image.source, image.manifestSha256));
        CHECK(std::tie(found->progressBytes, found->progressTotalBytes, found->errorCode, found->errorMessage,
                       found->errorHint, found->createdAt, found->updatedAt) ==
              std::tie(image.progressBytes, image.progressTotalBytes, image.errorCode, image.errorMessage,
                       image.errorHint, image.createdAt, image.updatedAt));
        CHECK(std::tie(found->owner, found->visibility, found->addressKey) ==
              std::tie(image.owner, image.visibility, image.addressKey));
        CHECK(database.read([&](Transaction& tx) { return images.findByName(tx, "debian-12"); })->id ==
              image.id);
        CHECK(database.read([&](Transaction& tx) { return images.findByAddressKey(tx, "k"); })->id ==
              image.id);
        CHECK_FALSE(database.read([&](Transaction& tx) { return images.findByAddressKey(tx, ""); }));
        CHECK_FALSE(database.read([&](Transaction& tx) { return images.findByName(tx, "debian"); }));
    }
    SECTION("have a unique name and may share content")
    {
        const model::ImageId first = image.id;
        image.id = model::ImageId::make();
        image.addressKey.clear();
        const auto error =
            errorOf([&] { database.write([&](Transaction& tx) { images.insert(tx, image); }); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("images.name"));
        image.name = "again";
        database.write([&](Transaction& tx) { images.insert(tx, image); });
        CHECK(database.read([&](Transaction& tx) { return images.countWithContent(tx, "abc"); }) == 2);
        CHECK(database.read([&](Transaction& tx) { return images.all(tx); }).front().name == "again");
        database.write([&](Transaction& tx) { images.remove(tx, first); });
        CHECK(database.read([&](Transaction& tx) { return images.countWithContent(tx, "abc"); }) == 1);
    }
    SECTION("are updated while they exist")
    {
        image.state = model::ImageState::Deleting;
        database.write([&](Transaction& tx) { images.update(tx, image); });
        CHECK(database.read([&](Transaction& tx) { return images.find(tx, image.id); })->state ==
              model::ImageState::Deleting);
        database.write([&](Transaction& tx) { images.remove(tx, image.id); });
        CHECK(errorOf([&] { database.write([&](Transaction& tx) { images.update(tx, image); }); }).code() ==
              ErrorCode::NotFound);
    }
}

TEST_CASE("events", "[db][event]")
{
    World world;
    const EventRepository events;
    Database& database = world.database;
    const auto append = [&](const model::NodeId& node, const std::string& kind) {
        return database.write([&](Transaction& tx) {
            return events.append(tx,
                                 {0, node, at(1234), kind, "line", {R"({"a":1})"}, model::OperationId{"op"}});
        });
    };
    const std::int64_t first = append(world.node.id, "power.on");
    append({}, "dhcp.ignored");
    const std::int64_t third = append(world.node.id, "dhcp.ack");

    SECTION("have rising sequences and are read as stored")
    {
        CHECK(first < third);
        const auto all = database.read([&](Transaction& tx) { return events.since(tx, 0, 10); });
        REQUIRE(all.size() == 3);
        CHECK(all[0].sequence == first);
        CHECK(all[0].node == world.node.id);
        CHECK(all[0].at == at(1234));
        CHECK(all[0].kind == "power.on");
        CHECK(all[0].message == "line");
        CHECK(all[0].details.text == R"({"a":1})");
        CHECK(all[0].operation.uuid == "op");
        CHECK(all[1].node.empty());
    }
    SECTION("are read after a sequence, of one node or of all")
    {
        database.read([&](Transaction& tx) {
            CHECK(events.ofNode(tx, world.node.id, 0, 10).size() == 2);
            CHECK(events.ofNode(tx, world.node.id, 0, 1).size() == 1);
            REQUIRE(events.ofNode(tx, world.node.id, first, 10).size() == 1);
            CHECK(events.ofNode(tx, world.node.id, first, 10)[0].kind == "dhcp.ack");
            CHECK(events.since(tx, first, 10).size() == 2);
            CHECK(events.latestSequence(tx) == third);
        });
    }
    SECTION("never reuse the sequence of a deleted event")
    {
        database.write([&](Transaction& tx) { world.nodes.remove(tx, world.node.id); });
        CHECK(append({}, "dhcp.ignored") > third);
    }
}

TEST_CASE("the record of an agent", "[db][agent]")
{
    World world;
    const AgentRepository agents;
    Database& database = world.database;
    AgentRecord record{world.node.id, "secret", at(1),      "nonce", {"sealed:1:x"},   "boot",
                       at(500),       at(3),    "10.0.0.9", "0.1",   {R"({"cpus":2})"}};
    database.write([&](Transaction& tx) { agents.store(tx, record); });

    SECTION("is read as stored")
    {
        const auto found = database.read([&](Transaction& tx) { return agents.find(tx, world.node.id); });
        REQUIRE(found);
        CHECK(std::tie(found->bootSecretHash, found->scriptAskedAt, found->nonceHash, found->tokenSealed,
                       found->bootId, found->bootExpectedUntil, found->lastContactAt, found->address,
                       found->version, found->inventory) ==
              std::tie(record.bootSecretHash, record.scriptAskedAt, record.nonceHash, record.tokenSealed,
                       record.bootId, record.bootExpectedUntil, record.lastContactAt, record.address,
                       record.version, record.inventory));
    }
    SECTION("is replaced completely")
    {
        record = AgentRecord{};
        record.node = world.node.id;
        database.write([&](Transaction& tx) { agents.store(tx, record); });
        const auto found = database.read([&](Transaction& tx) { return agents.find(tx, world.node.id); });
        CHECK(found->bootSecretHash.empty());
        CHECK_FALSE(found->bootExpectedUntil);
    }
    SECTION("lists nodes that are expected to boot")
    {
        CHECK(database.read([&](Transaction& tx) { return agents.expectedToBoot(tx, at(499)); }).size() == 1);
        CHECK(database.read([&](Transaction& tx) { return agents.expectedToBoot(tx, at(500)); }).empty());
    }
}

TEST_CASE("a config drive is stored until the next one", "[db][config-drive]")
{
    World world;
    const ConfigDriveRepository drives;
    const auto found = [&] {
        return world.database.read([&](Transaction& tx) { return drives.find(tx, world.node.id); });
    };
    const auto store = [&](const std::string& sealed) {
        world.database.write([&](Transaction& tx) { drives.store(tx, world.node.id, {sealed}); });
    };
    CHECK_FALSE(found());
    store(std::string("a\0b", 3));
    CHECK(found() == model::SealedText{std::string("a\0b", 3)});
    store("second");
    CHECK(found() == model::SealedText{"second"});
    world.database.write([&](Transaction& tx) { drives.remove(tx, world.node.id); });
    CHECK_FALSE(found());
}
