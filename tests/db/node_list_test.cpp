#include "tests/db/fixture.h"

#include <algorithm>
#include <set>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;
using model::Node;

namespace {

/// Twelve nodes with different, repeated and absent values.
struct Fleet {
    TestStore store{};
    Database database = store.open();
    NodeRepository nodes{};
    std::vector<std::string> enrolled{};
    Fleet()
    {
        database.write([&](Transaction& tx) {
            enrolled.clear();
            for (int i = 0; i < 12; ++i) {
                const Node enrolling = node(i);
                nodes.insert(tx, enrolling);
                enrolled.push_back(enrolling.id.uuid);
            }
        });
    }
    static Node node(int i)
    {
        Node node =
            makeNode(i % 3 == 0 ? "" : "n" + std::to_string(i % 7) + "-" + std::to_string(i), 100 - i / 2);
        node.state = i % 4 == 0 ? model::State::Active : model::State::Available;
        node.driver = i % 2 == 0 ? "ipmi" : "fake-hardware";
        node.resourceClass = i % 2 == 0 ? "large" : "";
        node.owner = i % 5 == 0 ? "ops" : "dev";
        node.conductorGroup = i % 6 == 0 ? "west" : "";
        node.shard = i % 3 == 0 ? "s" : "";
        node.instanceUuid = i % 4 == 0 ? model::makeUuid() : "";
        node.fault = i == 7 ? "power failure" : "";
        node.description = i == 5 ? "100% Gold_Box" : "plain";
        node.maintenance = i == 7;
        node.retired = i == 8;
        if (i % 2 == 0)
            node.updatedAt = at(i);
        return node;
    }
    std::vector<Node> list(const NodeFilter& filter)
    {
        return database.read([&](Transaction& tx) { return nodes.list(tx, filter); });
    }
    std::size_t count(const NodeFilter& filter) { return list(filter).size(); }
};

std::vector<std::string> uuids(const std::vector<Node>& nodes)
{
    std::vector<std::string> all;
    for (const Node& node : nodes)
        all.push_back(node.id.uuid);
    return all;
}

} // namespace

TEST_CASE("a list of nodes is filtered", "[db][node][list]")
{
    Fleet fleet;
    NodeFilter filter;
    SECTION("by nothing: all")
    {
        CHECK(fleet.count(filter) == 12);
    }
    SECTION("by state")
    {
        filter.state = model::State::Active;
        CHECK(fleet.count(filter) == 3);
    }
    SECTION("by driver")
    {
        filter.driver = "ipmi";
        CHECK(fleet.count(filter) == 6);
    }
    SECTION("by an absent resource class")
    {
        filter.resourceClass = "";
        CHECK(fleet.count(filter) == 6);
    }
    SECTION("by owner")
    {
        filter.owner = "ops";
        CHECK(fleet.count(filter) == 3);
    }
    SECTION("by conductor group")
    {
        filter.conductorGroup = "west";
        CHECK(fleet.count(filter) == 2);
    }
    SECTION("by shard")
    {
        filter.shard = "s";
        CHECK(fleet.count(filter) == 4);
    }
    SECTION("by fault")
    {
        filter.fault = "power failure";
        CHECK(fleet.count(filter) == 1);
    }
    SECTION("by having an instance")
    {
        filter.associated = true;
        CHECK(fleet.count(filter) == 3);
    }
    SECTION("by having none")
    {
        filter.associated = false;
        CHECK(fleet.count(filter) == 9);
    }
    SECTION("by its instance")
    {
        filter.associated = true;
        const auto some = fleet.list(filter);
        NodeFilter one;
        one.instanceUuid = some.at(1).instanceUuid;
        CHECK(uuids(fleet.list(one)) == std::vector{some.at(1).id.uuid});
    }
    SECTION("by maintenance")
    {
        filter.maintenance = true;
        CHECK(fleet.count(filter) == 1);
    }
    SECTION("by no maintenance")
    {
        filter.maintenance = false;
        CHECK(fleet.count(filter) == 11);
    }
    SECTION("by retirement")
    {
        filter.retired = true;
        CHECK(fleet.count(filter) == 1);
    }
    SECTION("by a piece of the description, in any case")
    {
        filter.descriptionContains = "gold_box";
        CHECK(fleet.count(filter) == 1);
    }
    SECTION("by wildcards of LIKE, taken literally")
    {
        filter.descriptionContains = "%";
        CHECK(fleet.count(filter) == 1);
        filter.descriptionContains = "_";
        CHECK(fleet.count(filter) == 1);
        filter.descriptionContains = "\\";
        CHECK(fleet.count(filter) == 0);
    }
    SECTION("by several at once")
    {
        filter.driver = "ipmi";
        filter.owner = "dev";
        filter.maintenance = false;
        filter.state = model::State::Active;
        CHECK(fleet.count(filter) == 2);
    }
    SECTION("by limit")
    {
        filter.limit = 5;
        CHECK(fleet.count(filter) == 5);
    }
}

TEST_CASE("a list of nodes is paged by marker", "[db][node][list]")
{
    Fleet fleet;
    for (const std::string& key : NodeRepository::sortKeys())
        for (const bool descending : {false, true})
            DYNAMIC_SECTION("sorted by " << key << (descending ? " downwards" : " upwards")
                                         << ": every node once")
            {
                NodeFilter filter;
                filter.sortKey = key;
                filter.descending = descending;
                const auto whole = uuids(fleet.list(filter));
                REQUIRE(whole.size() == 12);
                filter.limit = 5;
                std::vector<std::string> pages;
                for (auto page = fleet.list(filter); !page.empty(); page = fleet.list(filter)) {
                    for (const Node& node : page)
                        pages.push_back(node.id.uuid);
                    filter.marker = pages.back();
                }
                CHECK(pages == whole);
                CHECK(std::set<std::string>(pages.begin(), pages.end()).size() == 12);
            }
}

TEST_CASE("a list of nodes is in order", "[db][node][list]")
{
    Fleet fleet;
    NodeFilter filter;
    SECTION("of enrolment by default, even within one millisecond")
    {
        CHECK(uuids(fleet.list(filter)) == fleet.enrolled);
    }
    SECTION("of names, descending, byte-wise")
    {
        filter.sortKey = "name";
        filter.descending = true;
        const auto nodes = fleet.list(filter);
        CHECK(std::is_sorted(nodes.begin(), nodes.end(), [](const Node& a, const Node& b) {
            return std::tie(a.name, a.id.uuid) > std::tie(b.name, b.id.uuid);
        }));
    }
    SECTION("and refuses an unknown key with the list of keys")
    {
        filter.sortKey = "driver_info; drop table nodes";
        const auto error = errorOf([&] { fleet.list(filter); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.hint(), Catch::Contains("created_at"));
    }
    SECTION("and refuses an unknown marker")
    {
        filter.marker = model::makeUuid();
        CHECK(errorOf([&] { fleet.list(filter); }).code() == ErrorCode::NotFound);
    }
}
