#include "cli/commands/node_subcommands.h"

#include <fmt/format.h>

namespace bm::cli {
namespace {

int list(Shell& shell, std::size_t limit)
{
    const nlohmann::json answer = shell.client().get(fmt::format("/v1/unknown-machines?limit={}", limit));
    shell.print(answer.at("unknown_machines"), {{"MAC", "mac"},
                                                {"LAST SEEN", "last_seen_at"},
                                                {"REQUESTS", "requests"},
                                                {"VENDOR CLASS", "vendor_class"},
                                                {"ADDRESS", "ip_address"},
                                                {"FIRST SEEN", "first_seen_at", true}});
    return 0;
}

} // namespace

void addNodeUnknown(CLI::App& node, Shell& shell)
{
    constexpr int kMost = 1'000; // bmd keeps no more
    const auto limit = std::make_shared<std::size_t>(kMost);
    CLI::App* unknown = node.add_subcommand(
        "unknown", "List machines that requested an address or a boot script and are not enrolled");
    unknown->add_option("--limit", *limit, "number of machines, the last seen first")
        ->check(CLI::Range(1, kMost))
        ->capture_default_str();
    unknown->footer("Example:\n  bm node unknown --limit 20");
    unknown->callback([&shell, limit] { shell.action = [&shell, limit] { return list(shell, *limit); }; });
}

} // namespace bm::cli
