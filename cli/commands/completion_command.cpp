// Shell completion. The script is generated from the command-line parser, so it always matches; bmd supplies
// the names.
#include "cli/client/context_file.h"
#include "cli/commands/commands.h"
#include "cli/commands/completion.h"

#include <fmt/format.h>
#include <iostream>
#include <set>

namespace bm::cli {

using nlohmann::json;

namespace {

constexpr std::chrono::seconds kNamesDeadline{3};

/// Calls @p visit with each visible command and its path: "bm node show".
void eachCommand(const CLI::App& app, const std::string& path,
                 const std::function<void(const CLI::App&, const std::string&)>& visit)
{
    visit(app, path);
    for (const CLI::App* sub : app.get_subcommands({}))
        if (!sub->get_group().empty())
            eachCommand(*sub, path + " " + sub->get_name(), visit);
}

std::string completionWords(const CLI::App& app)
{
    std::string words;
    for (const CLI::App* sub : app.get_subcommands({}))
        if (!sub->get_group().empty())
            words += sub->get_name() + " ";
    for (const CLI::App* level = &app; level != nullptr; level = level->get_parent())
        for (const CLI::Option* option : level->get_options())
            for (const std::string& name : option->get_lnames())
                if (words.find("--" + name + " ") == std::string::npos)
                    words += "--" + name + " ";
    return words;
}

/// Options that take a value. The script skips that value when it counts arguments.
std::string valuedOptions(const CLI::App& root)
{
    std::set<std::string> names;
    eachCommand(root, "bm", [&](const CLI::App& app, const std::string&) {
        for (const CLI::Option* option : app.get_options()) {
            if (option->get_items_expected_max() == 0 || option->get_positional())
                continue;
            for (const std::string& name : option->get_lnames())
                names.insert("--" + name);
            for (const std::string& name : option->get_snames())
                names.insert("-" + name);
        }
    });
    return fmt::format("{}", fmt::join(names, "|"));
}

/// "bm a|bm b" as patterns of a shell's case.
std::string patternOf(std::string_view command)
{
    std::string pattern = "\"";
    for (const char c : command)
        if (c == '|')
            pattern += "\"|\"";
        else
            pattern += c;
    return pattern + "\"";
}

std::string argumentCases()
{
    std::string cases;
    for (const CompletedArgument& row : kCompletedArguments)
        cases += fmt::format("      {}) [ -n \"$kind\" ] || {{ {}kind={}; }} ;;&\n", patternOf(row.command),
                             row.position < 0 ? "" : fmt::format("[ $position -ne {} ] || ", row.position),
                             row.kind);
    return cases;
}

std::string optionCases()
{
    std::string cases;
    for (const CompletedArgument& row : kCompletedOptions)
        cases += fmt::format("    {}) kind={} ;;\n", row.command, row.kind);
    return cases;
}

constexpr const char* kScript = R"sh(# bash completion of bm; made by `bm completion bash`
_bm() {{
  local -a typed=("${{COMP_WORDS[@]:0:COMP_CWORD+1}}") where=()
  if [ -n "$COMP_LINE" ]; then # bash splits words at colons, bm does not
    local line="${{COMP_LINE:0:COMP_POINT}}"
    read -ra typed <<< "$line"
    case "$line" in *[[:space:]]) typed+=("") ;; esac
  fi
  local current="${{typed[${{#typed[@]}}-1]}}" path="bm" position=0 previous="" word words="" kind="" names=""
  for word in "${{typed[@]:1:${{#typed[@]}}-2}}"; do
    case "$previous" in
      --context|--endpoint) where+=("$previous" "$word") ;;
    esac
    case "$previous" in
      {}) previous="" ; continue ;;
    esac
    previous="$word"
    case "$word" in -*) continue ;; esac
    case "$path $word" in
{}      *) position=$((position + 1)) ;;
    esac
  done
  case "$previous" in
{}    {}) kind=none ;;
  esac
  if [ -z "$kind" ]; then
    case "$path" in
{}    esac
    case "$path" in
{}      *) ;;
    esac
  fi
  case "$kind" in ""|none) ;; *) names=$("${{typed[0]}}" "${{where[@]}}" __complete "$kind" "$current" 2>/dev/null) ;; esac
  mapfile -t COMPREPLY < <(compgen -W "$words $names" -- "$current")
  case "$current" in
    *:*) local before="${{current%"${{current##*:}}"}}"
         [[ "$COMP_WORDBREAKS" != *:* ]] || COMPREPLY=("${{COMPREPLY[@]#"$before"}}") ;;
  esac
}}
complete -o default -F _bm bm
)sh";

std::string bashScript(const CLI::App& root)
{
    std::string known;
    std::string words;
    eachCommand(root, "bm", [&](const CLI::App& app, const std::string& path) {
        if (path != "bm")
            known += fmt::format("      \"{0}\") path=\"{0}\" ;;\n", path);
        words += fmt::format("      \"{}\") words=\"{}\" ;;\n", path, completionWords(app));
    });
    return fmt::format(kScript, valuedOptions(root), known, optionCases(), valuedOptions(root), words,
                       argumentCases());
}

void printFitting(const std::string& name, const std::string& prefix)
{
    if (!name.empty() && name.starts_with(prefix))
        std::cout << name << "\n";
}

void printNodes(Client& client, const std::string& prefix)
{
    eachPageOfNodes(client, "fields=name,uuid", [&](const json& nodes) {
        for (const json& node : nodes)
            if (node.at("name").is_string())
                printFitting(node.at("name").get<std::string>(), prefix);
    });
}

/// Prints names only and never fails: the shell runs it at each Tab key.
int complete(Shell& shell, const std::string& kind, const std::string& prefix)
{
    try {
        if (kind == "context")
            for (const auto& [name, endpoint] : readContexts(contextsFile()).known)
                printFitting(name, prefix);
        if (kind == "context")
            return 0;
        shell.client().setDeadline(kNamesDeadline);
        if (kind == "node")
            printNodes(shell.client(), prefix);
        for (const NameSource& source : kNameSources) {
            if (source.kind != kind)
                continue;
            const json answer = shell.client().get(std::string(source.path));
            for (const json& row : answer.at(std::string(source.list)))
                if (const json& name = valueAt(row, std::string(source.member)); name.is_string())
                    printFitting(name.get<std::string>(), prefix);
        }
    } catch (const std::exception&) {
        return 1;
    }
    return 0;
}

} // namespace

void addCompletionCommand(CLI::App& app, Shell& shell)
{
    CLI::App* command = app.add_subcommand("completion", "Print shell completion");
    command->add_subcommand("bash", "for bash")
        ->footer("Example:\n  bm completion bash > /etc/bash_completion.d/bm");
    command->footer("Example:\n  bm completion bash > /etc/bash_completion.d/bm");
    command->callback([&shell, &app] {
        shell.action = [&app] {
            std::cout << bashScript(app);
            return 0;
        };
    });
    struct Asked {
        std::string kind;
        std::string prefix;
    };
    const auto asked = std::make_shared<Asked>();
    CLI::App* hidden = app.add_subcommand("__complete", "Print names for the completion script");
    hidden->group("");
    hidden->add_option("kind", asked->kind)->required();
    hidden->add_option("prefix", asked->prefix);
    hidden->callback([&shell, asked] {
        shell.action = [&shell, asked] { return complete(shell, asked->kind, asked->prefix); };
    });
}

} // namespace bm::cli
