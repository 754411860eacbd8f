#include "common/model/states.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

using namespace bm::model;

TEST_CASE("the state table is Ironic's", "[model][states]")
{
    SECTION("no state has two transitions for one event")
    {
        std::set<std::pair<State, StateEvent>> seen;
        for (const Transition& t : kTransitions)
            CHECK(seen.insert({t.from, t.on}).second);
        for (const Transition& t : kOwnTransitions)
            CHECK(seen.insert({t.from, t.on}).second);
    }
    SECTION("every state's text leads back to it")
    {
        for (std::size_t i = 0; i < kStateCount; ++i)
            CHECK(stateFromText(toText(static_cast<State>(i))) == static_cast<State>(i));
        CHECK_FALSE(stateFromText("flying"));
    }
    SECTION("unstable states have a target, stable ones have none")
    {
        for (std::size_t i = 0; i < kStateCount; ++i) {
            const State state = static_cast<State>(i);
            INFO(toText(state));
            CHECK(targetOf(state).has_value() != isStable(state));
        }
    }
    SECTION("the columns of a state say what the transitions say")
    {
        for (std::size_t i = 0; i < kStateCount; ++i) {
            const State state = static_cast<State>(i);
            const std::string text(toText(state));
            INFO(text);
            CHECK(isWait(state) == (text.ends_with(" wait") || text == "wait call-back"));
            CHECK(isCleaning(state) == text.starts_with("clean"));
            CHECK(holdsInstance(state) == (isStable(state) && next(state, StateEvent::Delete).has_value()));
            const bool deploys = next(state, StateEvent::Deploy) || next(state, StateEvent::Rebuild);
            CHECK((deployStart(state) == DeployStart::Deploy) == deploys);
            const std::optional<State> managed = next(state, StateEvent::Manage);
            CHECK((deployStart(state) == DeployStart::Verify) == (managed == State::Verifying));
            CHECK((deployStart(state) == DeployStart::Clean) == next(state, StateEvent::Provide).has_value());
            CHECK((deployStart(state) == DeployStart::Manage) ==
                  (managed == State::Manageable && isFailure(state)));
        }
    }
    SECTION("every pair of state and event not in the table is refused")
    {
        std::size_t allowed = 0;
        for (std::size_t s = 0; s < kStateCount; ++s)
            for (std::size_t e = 0; e < kStateEventCount; ++e)
                allowed += next(static_cast<State>(s), static_cast<StateEvent>(e)).has_value() ? 1U : 0U;
        CHECK(allowed == kTransitions.size());
    }
}

TEST_CASE("docs/states.dot is printed from the table", "[model][states]")
{
    std::ifstream file(bm::tests::sourceFolder() + "/docs/states.dot");
    std::stringstream text;
    text << file.rdbuf();
    INFO("renew it: bmd --print-states > docs/states.dot");
    CHECK(text.str() == statesAsDot());
}

TEST_CASE("states.md's 93 transitions are the table's", "[model][states]")
{
    std::ifstream file(bm::tests::dataFolder() + "/transitions.txt"); // "from|event|to" per line
    std::set<std::string> wanted;
    for (std::string line; std::getline(file, line);)
        wanted.insert(line);
    std::set<std::string> have;
    for (const Transition& t : kTransitions)
        have.insert(std::string(toText(t.from)) + "|" + std::string(toText(t.on)) + "|" +
                    std::string(toText(t.to)));
    CHECK(wanted.size() == 93);
    CHECK(have == wanted);
}
