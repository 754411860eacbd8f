// The table of steps: its rows, and docs/steps.md against them.
#include "common/model/step_kinds.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

using namespace bm::model;

namespace {

std::string stepsPage()
{
    std::ifstream file(bm::tests::sourceFolder() + "/docs/steps.md");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

std::size_t countOf(const std::string& text, const std::string& piece)
{
    std::size_t count = 0;
    for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1))
        ++count;
    return count;
}

/// "| x " or "| ": an empty cell of a table has one blank.
std::string cell(std::string_view text)
{
    return text.empty() ? "| " : fmt::format("| {} ", text);
}

std::string quotedWords(std::string_view words)
{
    std::string out;
    std::istringstream in{std::string(words)};
    for (std::string word; in >> word;)
        out += fmt::format("{}`{}`", out.empty() ? "" : ", ", word);
    return out;
}

} // namespace

TEST_CASE("docs/steps.md has a line for every kind of step, and none for another", "[model][steps]")
{
    const std::string page = stepsPage();
    const std::string table = page.substr(page.find("# All steps"));
    for (const StepKind& kind : kStepKinds) {
        const std::string line = fmt::format("\n| `{}` | {} | {} {}{}| {} |\n", kind.name, kind.interface,
                                             kind.actor == StepActor::Conductor ? "bmd" : toText(kind.actor),
                                             cell(kind.destroysData() ? "overwritten" : ""),
                                             cell(kind.countsBytes() ? "bytes" : ""), kind.title);
        INFO(line);
        CHECK(table.find(line) != std::string::npos);
    }
    CHECK(countOf(table, "\n| `") == kStepKinds.size());
}

TEST_CASE("docs/steps.md has a line for every step that a request names, and none for another",
          "[model][steps]")
{
    const std::string page = stepsPage();
    const std::string table = page.substr(0, page.find("# All steps"));
    for (const StepOffer& offer : kStepOffers) {
        const std::string uses =
            offer.allowedIn(StepUse::Service) ? "clean, deploy, service" : "clean, deploy";
        const std::string required = quotedWords(offer.required);
        const std::string optional = quotedWords(offer.optional);
        const std::string line =
            fmt::format("\n| `{}{}{}` | {} {}|", offer.interface, offer.reserved() ? "" : ".", offer.name,
                        uses, cell(required + (required.empty() || optional.empty() ? "" : ", ") + optional));
        INFO(line);
        CHECK(table.find(line) != std::string::npos);
    }
    CHECK(countOf(table, "\n| `") == kStepOffers.size());
}

TEST_CASE("every step has a title that fits a column of bm top", "[model][steps]")
{
    for (const StepKind& kind : kStepKinds) {
        INFO(kind.name);
        CHECK_FALSE(kind.title.empty());
        CHECK(kind.title.size() <= 26);
        CHECK(titleOfStep(kind.name) == kind.title);
    }
    CHECK(titleOfStep("of_a_newer_bmd") == "of_a_newer_bmd");
}

TEST_CASE("the agent does the steps that overwrite disks", "[model][steps]")
{
    for (const StepKind& kind : kStepKinds) {
        INFO(kind.name);
        if (kind.destroysData() || kind.usesRelay())
            CHECK(kind.inBand());
    }
}

TEST_CASE("a step is found by Ironic's name and shown by it", "[model][steps]")
{
    REQUIRE(findStepOffer("raid", "apply_configuration") != nullptr);
    CHECK(findStepOffer("raid", "apply_configuration")->row == "raid_create_configuration");
    CHECK(findStepOffer("deploy", "write_image") == nullptr);
    CHECK(findStepOffer("bios", "create_configuration") == nullptr);
    CHECK(findStepOffer("", "hold") == nullptr);
    CHECK(shownStepName("raid_create_configuration") == "create_configuration");
    CHECK(shownStepName("bios_factory_reset") == "factory_reset");
    CHECK(shownStepName("switch_off") == "switch_off");
    CHECK(shownStepName("of_a_newer_bmd") == "of_a_newer_bmd");
    for (const char* name : {"hold", "wait", "power_on", "power_off", "reboot"})
        CHECK(isReservedStep(name));
    CHECK_FALSE(isReservedStep("erase_devices"));
}
