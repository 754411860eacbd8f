#include "cli/client/password_file.h"
#include "cli/commands/commands.h"
#include "common/platform/files.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

struct WebhookOptions {
    std::string name;
    std::vector<std::string> names;
    std::string url;
    std::string kinds;
    std::string secretFile;
};

std::string hookPath(const std::string& name, const std::string& rest = {})
{
    return "/v1/webhooks/" + platform::urlEncode(name) + rest;
}

/// Reads the secret from a file, because other users of the machine can read a command line.
std::string secretFrom(const std::string& file)
{
    if (file != "-")
        return readPasswordFile(file);
    std::string secret;
    std::getline(std::cin, secret);
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r'))
        secret.pop_back();
    return secret;
}

int add(Shell& shell, const WebhookOptions& options)
{
    json body = {{"name", options.name}, {"url", options.url}, {"kinds", options.kinds}};
    if (!options.secretFile.empty())
        body["secret"] = secretFrom(options.secretFile);
    json hook = shell.client().send("POST", "/v1/webhooks", body);
    if (!options.secretFile.empty())
        hook.erase("secret"); // do not print the secret that the operator provided
    if (!shell.view().table()) {
        shell.print(hook);
        return 0;
    }
    std::cout << fmt::format("{}: posts {} to {}\n", options.name, hook.value("kinds", ""), options.url);
    if (hook.contains("secret"))
        std::cout << "secret, shown this once: " << hook.at("secret").get<std::string>() << "\n";
    std::cout << "to test it: bm webhook test " << options.name << "\n";
    return 0;
}

int listWebhooks(Shell& shell)
{
    shell.print(shell.client().get("/v1/webhooks").at("webhooks"),
                {{"NAME", "name"},
                 {"STATE", "state"},
                 {"URL", "url"},
                 {"KINDS", "kinds"},
                 {"DELIVERED", "delivered"},
                 {"BACKLOG", "backlog"},
                 {"LAST ERROR", "last_error"},
                 {"LAST DELIVERED", "last_delivered_at", true},
                 {"UUID", "uuid", true}});
    return 0;
}

int test(Shell& shell, const WebhookOptions& options)
{
    const json result = shell.client().send("POST", hookPath(options.name, "/test"), json::object());
    const bool taken = result.value("taken", false);
    if (!shell.view().table()) {
        shell.print(result);
    } else if (taken) {
        std::cout << fmt::format("{}: accepted ({}){}\n", options.name, result.value("status", 0),
                                 result.value("resumed", false) ? "; delivery resumed" : "");
    } else {
        std::cout << fmt::format("{}: refused: {}\n", options.name, plainText(result.at("error")));
    }
    return taken ? 0 : 1;
}

int remove(Shell& shell, const WebhookOptions& options)
{
    for (const std::string& name : options.names) {
        shell.client().remove(hookPath(name));
        std::cout << name << ": deleted\n";
    }
    return 0;
}

void addAdding(CLI::App& webhook, Shell& shell, const std::shared_ptr<WebhookOptions>& options)
{
    CLI::App* adding = webhook.add_subcommand("add", "Post signed events to a web server");
    adding->add_option("name", options->name, "name of the webhook")->required();
    adding->add_option("url", options->url, "URL to post to: http:// or https://")->required();
    adding
        ->add_option("--kinds", options->kinds,
                     "event kinds, comma-separated; a trailing * matches any suffix (default: all)")
        ->default_str("*");
    adding
        ->add_option("--secret-file", options->secretFile,
                     "file with the signing secret, - for standard input (default: bmd generates one)")
        ->type_name("FILE");
    adding->footer("Example:\n  bm webhook add chat https://chat.example/hooks/42 --kinds "
                   "'state.changed,operation.failed'");
    adding->callback(
        [&shell, options] { shell.action = [&shell, options] { return add(shell, *options); }; });
}

} // namespace

void addWebhookCommands(CLI::App& app, Shell& shell)
{
    CLI::App* webhook = app.add_subcommand("webhook", "Webhooks: add, list, show, delete, test");
    webhook->require_subcommand(1);
    webhook->fallthrough();
    const auto options = std::make_shared<WebhookOptions>();
    addAdding(*webhook, shell, options);
    CLI::App* listing = webhook->add_subcommand("list", "List all webhooks and their delivery state");
    listing->footer("Example:\n  bm webhook list");
    listing->callback([&shell] { shell.action = [&shell] { return listWebhooks(shell); }; });
    CLI::App* showing = webhook->add_subcommand("show", "Show everything about one webhook");
    showing->add_option("webhook", options->name, "name or uuid")->required();
    showing->footer("Example:\n  bm webhook show chat");
    showing->callback([&shell, options] {
        shell.action = [&shell, options] {
            shell.print(shell.client().get(hookPath(options->name)));
            return 0;
        };
    });
    CLI::App* removing = webhook->add_subcommand("delete", "Delete webhooks");
    removing->add_option("webhooks", options->names, "names or uuids")->required();
    removing->footer("Example:\n  bm webhook delete chat");
    removing->callback(
        [&shell, options] { shell.action = [&shell, options] { return remove(shell, *options); }; });
    CLI::App* testing =
        webhook->add_subcommand("test", "Post a test event now; success resumes a suspended webhook");
    testing->add_option("webhook", options->name, "name or uuid")->required();
    testing->footer("Example:\n  bm webhook test chat");
    testing->callback(
        [&shell, options] { shell.action = [&shell, options] { return test(shell, *options); }; });
}

} // namespace bm::cli
