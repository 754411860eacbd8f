#include "common/model/error.h"
#include "conductor/fleet/selection/selector.h"

#include <catch2/catch.hpp>

using namespace bm;
using namespace bm::conductor::fleet;

namespace {

model::Node web()
{
    model::Node node;
    node.id = model::NodeId::make();
    node.name = "web-07";
    node.resourceClass = "web";
    node.owner = "shop";
    node.conductorGroup = "hall-1";
    node.state = model::State::Active;
    node.traits.text = R"(["CUSTOM_GPU","HW_CPU_X86_AVX2"])";
    node.properties.text = R"({"rack":"r3","cpus":8,"height":"2U"})";
    node.extra.text = R"({"team":"blue"})";
    return node;
}

bool holds(const std::string& text, const model::Node& node,
           std::optional<model::UtcTime> deployed = model::fromMillis(0))
{
    const model::UtcTime now = model::fromMillis(0) + std::chrono::hours{24 * 10};
    return fits(selectorFromText(text), {node, {"web-20261120", "web:stable"}, deployed, now});
}

} // namespace

TEST_CASE("A selector's conditions")
{
    const model::Node node = web();
    SECTION("all must hold")
    {
        CHECK(holds("class=web,rack=r3", node));
        CHECK_FALSE(holds("class=web,rack=r4", node));
    }
    SECTION("are by every kind of key")
    {
        for (const char* text : {"name=web-07", "trait=CUSTOM_GPU", "owner=shop", "group=hall-1",
                                 "state=active", "image=web:stable", "image=web-2026*", "property.height=2U",
                                 "property.cpus=8", "extra.team=blue", "maintenance=false", "power="})
            CHECK(holds(text, node));
    }
    SECTION("take globs, alternatives, ranges and negation")
    {
        CHECK(holds("name=web-*", node));
        CHECK(holds("rack=r1..r4", node));
        CHECK_FALSE(holds("rack=r4..r9", node));
        CHECK(holds("name=web-01..web-20", node));
        CHECK_FALSE(holds("name=web-1..web-20", node));
        CHECK(holds("state=available|active", node));
        CHECK(holds("class!=db", node));
        CHECK_FALSE(holds("trait!=CUSTOM_GPU", node));
    }
    SECTION("ask for the time of the last deployment")
    {
        CHECK(holds("imaged-before=6d", node));
        CHECK_FALSE(holds("imaged-before=11d", node));
        CHECK(holds("imaged-before=11d", node, std::nullopt));
    }
}

TEST_CASE("An invalid selector is refused with the valid keys")
{
    for (const char* text : {"colour=red", "class", "=web", "rack=r4..r1", "rack=r1..s4", "class=web,",
                             "property.=1", "imaged-before=soon", "name=a1..a99999999"})
        CHECK_THROWS_AS(selectorFromText(text), model::Error);
    try {
        selectorFromText("colour=red");
        FAIL("taken");
    } catch (const model::Error& error) {
        CHECK(std::string(error.what()) == "select: there is no key \"colour\"");
        CHECK(error.hint().find("class, trait, rack") != std::string::npos);
    }
}
