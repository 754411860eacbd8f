#include "cli/commands/node_subcommands.h"
#include "cli/shell/node_watch.h"
#include "common/model/error.h"
#include "common/platform/secrets.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

struct ReportOptions {
    std::string node;
    bool verify = false;
    bool wait = false;
    int timeoutMinutes = 240;
};

/// The reason why a report's signature is invalid; "" when it is valid.
std::string faultOf(const json& report)
{
    if (!platform::verifySignature(report.at("public_key").get<std::string>(),
                                   report.at("signed_text").get<std::string>(),
                                   report.at("signature").get<std::string>()))
        return "the report or its signature was changed";
    if (report.at("verdict") == "foreign")
        return "another key than this bmd's signed it";
    if (json::parse(report.at("signed_text").get<std::string>(), nullptr, false) != report.at("body"))
        return "the shown values differ from the signed text";
    return "";
}

void printReport(const json& report)
{
    const json& body = report.at("body");
    std::cout << fmt::format("{} at {}\n", report.at("kind").get<std::string>(),
                             report.at("created_at").get<std::string>());
    const auto line = [&](const char* title, const std::string& text) {
        if (!text.empty())
            std::cout << fmt::format("  {:<12} {}\n", title, text);
    };
    const json image = body.value("image", json::object());
    line("image", image.value("name", "") + ", content " + image.value("content_id", ""));
    line("blocks' root", body.value("blocks_root", ""));
    const json disk = body.value("disk", json::object());
    line("disk", disk.empty()
                     ? "none: the image is a RAM disk"
                     : fmt::format("{} serial {} ({})", disk.value("name", ""), disk.value("serial", "?"),
                                   humanBytes(disk.value("size_bytes", 0.0))));
    line("decision", body.value("decision", json::object()).value("why", ""));
    if (body.contains("blocks_changed"))
        line("found",
             fmt::format("{} of {} blocks differ, {} cannot be read",
                         body.value("blocks_changed", std::int64_t{0}), body.value("blocks", std::int64_t{0}),
                         body.value("blocks_unreadable", std::int64_t{0})));
    for (const json& partition : body.value("partitions", json::array()))
        line("", fmt::format(
                     "partition at {} ({}): {} blocks differ", humanBytes(partition.value("first_byte", 0.0)),
                     partition.value("file_system", ""), partition.value("blocks_changed", std::int64_t{0})));
    line("signed by", report.at("public_key").get<std::string>());
    const std::string fault = faultOf(report);
    line("signature", fault.empty() ? "valid" : "NOT VALID: " + fault);
}

int show(Shell& shell, const ReportOptions& options)
{
    const json answer = shell.client().get(nodePath(shell.node(options.node), "/report"));
    bool good = true;
    for (const json& report : answer.at("reports"))
        good = good && faultOf(report).empty();
    if (shell.view().table())
        for (const json& report : answer.at("reports"))
            printReport(report);
    else
        shell.print(answer);
    return good || !options.verify ? 0 : 1;
}

int verify(Shell& shell, const ReportOptions& options)
{
    const std::string node = shell.node(options.node);
    shell.client().send("POST", nodePath(node, "/verify"), nullptr);
    if (!options.wait) {
        std::cout << node << ": verification started; for the result: bm node report " << node << "\n";
        return 0;
    }
    if (!watchNodes(shell, {node}, std::chrono::minutes{options.timeoutMinutes}))
        return 1;
    return show(shell, options);
}

} // namespace

void addNodeReport(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<ReportOptions>();
    CLI::App* showing = node.add_subcommand(
        "report", "Show the signed deployment report of a node and the results of later verifications");
    showing->add_option("node", options->node, "name or uuid")->required();
    showing->add_flag("--verify", options->verify, "exit with 1 unless every signature is valid");
    showing->footer("Example:\n  bm node report rack1-07 --verify");
    showing->callback(
        [&shell, options] { shell.action = [&shell, options] { return show(shell, *options); }; });
    CLI::App* verifying = node.add_subcommand(
        "verify",
        "Compare the disk of a node with its deployment report; the node is shut down, read and restarted");
    verifying->add_option("node", options->node, "name or uuid")->required();
    verifying->add_flag("--wait", options->wait, "show progress, then the report");
    verifying->add_option("--timeout", options->timeoutMinutes, "minutes to wait")
        ->check(CLI::Range(1, 100'000));
    verifying->footer("Example:\n  bm node verify rack1-07 --wait");
    verifying->callback(
        [&shell, options] { shell.action = [&shell, options] { return verify(shell, *options); }; });
}

} // namespace bm::cli
