// Shell completion, made from the parser itself so that it never lags behind. Node and image names are asked
// of bmd.
#include "cli/commands.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

namespace {

void collect(const CLI::App& app, const std::string& path, std::string& cases)
{
    std::string words;
    for (const CLI::App* sub : app.get_subcommands({}))
        words += sub->get_name() + " ";
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames())
            words += "--" + name + " ";
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", path, words);
    for (const CLI::App* sub : app.get_subcommands({}))
        collect(*sub, path + " " + sub->get_name(), cases);
}

std::string bashScript(const CLI::App& root)
{
    std::string cases;
    collect(root, "bm", cases);
    return fmt::format(R"sh(# bash completion of bm; made by `bm completion bash`
_bm() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" path="bm" word words names=""
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
{}      *) ;;
    esac
  done
  case "$path" in
{}    *) words="" ;;
  esac
  case "$path" in
    "bm provision"|"bm undeploy"|"bm abort"|"bm power"|"bm node show"|"bm node set"|"bm node delete"|"bm node timeline"|"bm node console")
      names=$(bm node list -o json 2>/dev/null | sed -n 's/^    "name": "\(.*\)",\{{0,1\}}$/\1/p') ;;
  esac
  case "$path" in
    "bm provision"|"bm image show"|"bm image delete")
      names="$names $(bm image list -o json 2>/dev/null | sed -n 's/^    "name": "\(.*\)",\{{0,1\}}$/\1/p')" ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words $names" -- "$current")
}}
complete -o default -F _bm bm
)sh",
                       [&] {
                           std::string known;
                           const std::function<void(const CLI::App&, const std::string&)> walk =
                               [&](const CLI::App& app, const std::string& path) {
                                   for (const CLI::App* sub : app.get_subcommands({})) {
                                       known += fmt::format("      \"{0} {1}\") path=\"{0} {1}\" ;;\n", path,
                                                            sub->get_name());
                                       walk(*sub, path + " " + sub->get_name());
                                   }
                               };
                           walk(root, "bm");
                           return known;
                       }(),
                       cases);
}

} // namespace

void addCompletionCommand(CLI::App& app, Shell& shell)
{
    CLI::App* command = app.add_subcommand(
        "completion", "Print shell completion: bm completion bash > /etc/bash_completion.d/bm");
    command->add_subcommand("bash", "for bash");
    command->callback([&shell, &app] {
        shell.action = [&app] {
            std::cout << bashScript(app);
            return 0;
        };
    });
}

} // namespace bm::cli
