// `bm context`: names for several servers.
#include "cli/client/context_file.h"
#include "cli/commands/commands.h"
#include "common/model/error.h"
#include "common/text/names.h"

#include <filesystem>
#include <iostream>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct ContextOptions {
    std::string name;
    std::vector<std::string> names;
    Endpoint endpoint{};
    bool use = false;
};

/// Stores absolute paths, so that a context works from any folder.
std::string wholePath(const std::string& file, const char* option)
{
    if (file.empty())
        return file;
    const std::filesystem::path path = std::filesystem::absolute(file).lexically_normal();
    if (!std::filesystem::is_regular_file(path))
        throw Error(ErrorCode::NotFound, std::string(option) + ": " + path.string() + " is not a file",
                    file == "-" ? "a context names a file, which each command reads; give its path" : "");
    return path.string();
}

void requireName(const std::string& name)
{
    constexpr std::size_t kLongest = 255;
    if (!text::isPlainName(name, kLongest))
        throw Error(ErrorCode::InvalidInput, "\"" + name + "\" is not a valid context name",
                    "use letters, digits, dot, dash and underscore; no dash at its start");
}

int add(ContextOptions options)
{
    requireName(options.name);
    if (!options.endpoint.url.starts_with("http://") && !options.endpoint.url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, "\"" + options.endpoint.url + "\" is not an http(s) address",
                    "for example: https://bm.example.org:6385");
    options.endpoint.passwordFile = wholePath(options.endpoint.passwordFile, "--password-file");
    options.endpoint.tokenFile = wholePath(options.endpoint.tokenFile, "--token-file");
    options.endpoint.caFile = wholePath(options.endpoint.caFile, "--ca-file");
    Contexts contexts = readContexts(contextsFile());
    const bool present = contexts.known.count(options.name) > 0;
    contexts.known[options.name] = options.endpoint;
    if (options.use)
        contexts.current = options.name;
    writeContexts(contextsFile(), contexts);
    std::cout << options.name << ": " << (present ? "changed" : "added")
              << (options.use ? ", now current\n"
                              : "; make it current: bm context use  " + options.name + "\n");
    return 0;
}

json rowOf(const std::string& name, const Endpoint& endpoint, bool current)
{
    const auto textOrNull = [](const std::string& text) { return text.empty() ? json() : json(text); };
    return {{"name", name},
            {"current", current},
            {"endpoint", endpoint.url},
            {"username", textOrNull(endpoint.username)},
            {"password_file", textOrNull(endpoint.passwordFile)},
            {"token_file", textOrNull(endpoint.tokenFile)},
            {"ca_file", textOrNull(endpoint.caFile)}};
}

int list(Shell& shell)
{
    const Contexts contexts = readContexts(contextsFile());
    json rows = json::array();
    for (const auto& [name, endpoint] : contexts.known) {
        json row = rowOf(name, endpoint, name == contexts.current);
        row["mark"] = name == contexts.current ? "*" : " ";
        rows.push_back(row);
    }
    shell.print(rows, {{"NAME", "name"},
                       {"USED", "mark"},
                       {"ENDPOINT", "endpoint"},
                       {"USER", "username"},
                       {"PASSWORD FILE", "password_file", true},
                       {"TOKEN FILE", "token_file", true},
                       {"CA FILE", "ca_file", true}});
    if (rows.empty() && shell.view().table())
        std::cerr << "no contexts yet: bm context add NAME https://HOST:6385\n";
    return 0;
}

int use(const ContextOptions& options)
{
    Contexts contexts = readContexts(contextsFile());
    findContext(contexts, options.name);
    contexts.current = options.name;
    writeContexts(contextsFile(), contexts);
    std::cout << options.name << ": now current\n";
    return 0;
}

int show(Shell& shell, const ContextOptions& options)
{
    const Contexts contexts = readContexts(contextsFile());
    const std::string name = options.name.empty() ? contexts.current : options.name;
    if (name.empty())
        shell.print(rowOf("", resolveEndpoint(shell.endpointOption, shell.contextOption), false));
    else
        shell.print(rowOf(name, findContext(contexts, name), name == contexts.current));
    return 0;
}

int remove(const ContextOptions& options)
{
    Contexts contexts = readContexts(contextsFile());
    for (const std::string& name : options.names)
        findContext(contexts, name);
    for (const std::string& name : options.names) {
        contexts.known.erase(name);
        if (contexts.current == name)
            contexts.current.clear();
        std::cout << name << ": deleted\n";
    }
    writeContexts(contextsFile(), contexts);
    return 0;
}

CLI::App* addOne(CLI::App& context, Shell& shell, const char* name, const char* help,
                 const std::function<int()>& action)
{
    CLI::App* command = context.add_subcommand(name, help);
    command->callback([&shell, action] { shell.action = action; });
    return command;
}

} // namespace

void addContextCommands(CLI::App& app, Shell& shell)
{
    CLI::App* context = app.add_subcommand("context", "Name several servers: add, list, use, show, delete");
    context->require_subcommand(1);
    const auto options = std::make_shared<ContextOptions>();
    CLI::App* adding =
        addOne(*context, shell, "add", "Store a server's address and the user that bm logs in as",
               [options] { return add(*options); });
    adding->add_option("name", options->name, "name of the context, for example lab")->required();
    adding
        ->add_option("url", options->endpoint.url, "address of bmd, for example https://bm.example.org:6385")
        ->required();
    adding->add_option("--username", options->endpoint.username, "user that bm logs in as");
    adding->add_option("--password-file", options->endpoint.passwordFile, "file with the password");
    adding->add_option("--token-file", options->endpoint.tokenFile,
                       "file with a token, instead of user and password");
    adding->add_option("--ca-file", options->endpoint.caFile, "certificate of the CA that bmd made");
    adding->add_flag("--use", options->use, "make it the current context");
    adding->footer("Example:\n  bm context add lab https://bm.lab:6385 --username admin "
                   "--password-file ~/lab.password --ca-file ~/lab-ca.pem --use");
    addOne(*context, shell, "list", "List all contexts and mark the current one", [&shell] {
        return list(shell);
    })->footer("Example:\n  bm context list");
    CLI::App* using_ = addOne(*context, shell, "use", "Choose the server that later commands talk to",
                              [options] { return use(*options); });
    using_->add_option("name", options->name, "name of the context")->required();
    using_->footer(
        "Example:\n  bm context use lab\n\nFor one call: bm --context lab node list, or BM_CONTEXT=lab");
    CLI::App* showing = addOne(*context, shell, "show", "Show a server's address and user",
                               [&shell, options] { return show(shell, *options); });
    showing->add_option("name", options->name, "name of the context (default: the current one)");
    showing->footer("Example:\n  bm context show lab");
    CLI::App* removing =
        addOne(*context, shell, "delete", "Delete contexts", [options] { return remove(*options); });
    removing->add_option("names", options->names, "names of the contexts")->required();
    removing->footer("Example:\n  bm context delete lab");
}

} // namespace bm::cli
