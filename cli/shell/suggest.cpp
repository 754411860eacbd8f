#include "cli/shell/suggest.h"

#include "common/text/edit_distance.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::cli {

namespace {

std::vector<std::string> namesOf(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* sub : app.get_subcommands({}))
        if (!sub->get_group().empty())
            names.push_back(sub->get_name());
    return names;
}

const CLI::App* subOf(const CLI::App& app, const std::string& name)
{
    for (const CLI::App* sub : app.get_subcommands({}))
        if (sub->get_name() == name)
            return sub;
    return nullptr;
}

/// The option @p name of @p app or of one of its parents; nullptr when unknown.
const CLI::Option* optionOf(const CLI::App& app, const std::string& name)
{
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent())
        if (const CLI::Option* option = level->get_option_no_throw(name); option != nullptr)
            return option;
    return nullptr;
}

std::vector<std::string> optionsOf(const CLI::App& app)
{
    std::vector<std::string> names;
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent())
        for (const CLI::Option* option : level->get_options())
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
    return names;
}

std::string hintFor(const std::string& near, const std::string& before, const std::string& path)
{
    return near.empty() ? path + " --help lists them" : "did you mean: " + before + near;
}

} // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& known)
{
    std::string best;
    std::size_t least = (word.size() < 4 ? 1 : std::max<std::size_t>(2, word.size() / 3)) + 1;
    for (const std::string& name : known) {
        const std::size_t far =
            word.size() >= 3 && name.starts_with(word) ? 1 : model::editDistance(word, name);
        if (far < least) {
            least = far;
            best = name;
        }
    }
    return best;
}

Suggestion suggestionFor(const CLI::App& root, const std::vector<std::string>& words)
{
    const CLI::App* app = &root;
    std::string path = root.get_name();
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (word == "--")
            return {};
        if (word.starts_with("-")) {
            const std::string name = word.substr(0, word.find('='));
            const CLI::Option* option = optionOf(*app, name);
            if (option == nullptr && word.starts_with("--"))
                return {fmt::format("unknown option {} of {}", name, path),
                        hintFor(nearest(name, optionsOf(*app)), "", path)};
            if (option != nullptr && option->get_items_expected_max() > 0 &&
                word.find('=') == std::string::npos)
                ++i; // skip the option's value
            continue;
        }
        const CLI::App* sub = subOf(*app, word);
        if (sub == nullptr && !namesOf(*app).empty())
            return {fmt::format("unknown command \"{}\" of {}", word, path),
                    hintFor(nearest(word, namesOf(*app)), path + " ", path)};
        if (sub == nullptr)
            continue; // a positional argument
        app = sub;
        path += " " + word;
    }
    return {};
}

} // namespace bm::cli
