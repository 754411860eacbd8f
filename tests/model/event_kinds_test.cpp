// The kinds of events: one table, docs/events.md, and no literal of a kind anywhere else in the sources.
#include "common/model/event_kinds.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>

using namespace bm::model;

namespace {

std::string textOf(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// The two columns of docs/events.md's tables, without their back quotes.
std::map<std::string, std::string> documented()
{
    const std::string page = textOf(bm::tests::sourceFolder() + "/docs/events.md");
    const std::string kinds = page.substr(page.find("\n## Kinds"));
    static const std::regex kRow(R"(\| `([a-z._-]+)` \| `?([^|`]+?)`? \|)");
    std::map<std::string, std::string> rows;
    for (std::sregex_iterator at(kinds.begin(), kinds.end(), kRow), end; at != end; ++at)
        rows[(*at)[1]] = (*at)[2];
    return rows;
}

/// @p line without its comment. "://" begins none.
std::string_view codeOf(std::string_view line)
{
    for (std::size_t at = line.find("//"); at != std::string_view::npos; at = line.find("//", at + 1))
        if (at == 0 || line[at - 1] != ':')
            return line.substr(0, at);
    return line;
}

/// Texts between two quotes of a file's code that are the text of a kind; comments do not count.
std::set<std::string> kindsIn(const std::filesystem::path& file)
{
    std::set<std::string> found;
    std::istringstream lines(textOf(file));
    for (std::string line; std::getline(lines, line);) {
        const std::string_view code = codeOf(line);
        std::size_t quote = code.find('"');
        while (quote != std::string_view::npos) {
            const std::size_t next = code.find('"', quote + 1);
            if (next == std::string_view::npos)
                break;
            const std::string_view text = code.substr(quote + 1, next - quote - 1);
            if (eventKindFromText(text))
                found.emplace(text);
            quote = next;
        }
    }
    return found;
}

} // namespace

TEST_CASE("every kind of event has its own text, which leads back to it", "[model][events]")
{
    std::set<std::string_view> texts;
    for (const EventKindRow& row : eventKinds()) {
        INFO(row.text);
        CHECK(texts.insert(row.text).second);
        CHECK(toText(row.kind) == row.text);
        CHECK(eventKindFromText(row.text) == row.kind);
        CHECK_FALSE(row.meaning.empty());
    }
    CHECK_FALSE(eventKindFromText("step.danced"));
    CHECK_FALSE(eventKindFromText(""));
}

TEST_CASE("docs/events.md lists the kinds of the table and no others", "[model][events]")
{
    std::map<std::string, std::string> rows = documented();
    for (const EventKindRow& row : eventKinds()) {
        INFO(row.text);
        CHECK(rows[std::string(row.text)] == row.meaning);
        rows.erase(std::string(row.text));
    }
    for (const EventKindAlias& alias : eventKindAliases()) {
        INFO(alias.old);
        CHECK(rows[std::string(alias.old)] == toText(alias.kind));
        rows.erase(std::string(alias.old));
    }
    for (const auto& [text, meaning] : rows)
        FAIL_CHECK(text << " is documented, and no row of the table has it");
}

TEST_CASE("a renamed kind of event is found by its old text", "[model][events]")
{
    CHECK(eventKindFromText("boot.spared") == EventKind::BootFastTrack);
    CHECK(sameEventKind("boot.spared") == std::vector<std::string_view>{"boot.fast-track", "boot.spared"});
    CHECK(sameEventKind("boot.fast-track") ==
          std::vector<std::string_view>{"boot.fast-track", "boot.spared"});
    CHECK(sameEventKind("step.*") == std::vector<std::string_view>{"step.*"});
}

TEST_CASE("no source file writes a kind of event as a literal", "[model][events]")
{
    std::size_t files = 0;
    for (const char* folder : {"common/model", "common/platform", "common/http", "conductor", "api", "bmd",
                               "cli", "drivers", "pxe", "db", "images", "agent"})
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(bm::tests::sourceFolder() + "/" + folder)) {
            const std::filesystem::path& file = entry.path();
            if ((file.extension() != ".cpp" && file.extension() != ".h") ||
                file.filename() == "event_kinds.cpp")
                continue;
            ++files;
            for (const std::string& kind : kindsIn(file))
                FAIL_CHECK(file << " has the literal \"" << kind << "\"");
        }
    CHECK(files > 500);
}
