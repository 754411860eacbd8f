// `bm doctor`: bmd checks its own needs; bm checks the connection to bmd.
#include "cli/commands/commands.h"
#include "cli/shell/findings.h"
#include "common/model/error.h"

#include <ctime>
#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

constexpr std::int64_t kSkewWarning = 5; // seconds
constexpr std::int64_t kSkewError = 300; // from here on certificates and tokens may be refused

struct DoctorOptions {
    std::vector<std::string> checks;
    std::vector<std::string> nodes;
    int seconds = 20;
};

/// Seconds since 1970 of an HTTP date, "Sat, 21 Nov 2026 02:40:18 GMT"; 0 when the text is no date.
std::int64_t secondsOf(const std::string& date)
{
    std::tm parts{};
    const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return end == nullptr ? 0 : static_cast<std::int64_t>(::timegm(&parts));
}

json clientFindings(Shell& shell)
{
    json findings = json::array();
    const auto begin = std::chrono::steady_clock::now();
    const platform::HttpResponse answer = shell.client().raw("/v1");
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
    findings.push_back(
        finding("reachable", "ok",
                fmt::format("bmd at {} answers in {} ms", shell.client().endpoint().url, took.count())));
    const auto date = answer.headers.find("date");
    const std::int64_t theirs = date == answer.headers.end() ? 0 : secondsOf(date->second);
    if (theirs == 0) {
        findings.push_back(finding("skew", "warning", "cannot compare the clocks: bmd's answer has no date"));
        return findings;
    }
    const std::int64_t skew = std::abs(theirs - static_cast<std::int64_t>(std::time(nullptr)));
    const std::string what = fmt::format("this machine's clock and bmd's differ by {} s", skew);
    if (skew < kSkewWarning)
        findings.push_back(finding("skew", "ok", what));
    else
        findings.push_back(finding("skew", skew < kSkewError ? "warning" : "error", what,
                                   "run timedatectl on both machines and enable time synchronisation"));
    return findings;
}

std::string encodedList(const std::vector<std::string>& words)
{
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ",") + platform::urlEncode(word);
    return text;
}

int doctor(Shell& shell, const DoctorOptions& options)
{
    json findings = clientFindings(shell);
    std::string path = fmt::format("/v1/doctor?seconds={}", options.seconds);
    std::vector<std::string> checks = options.checks;
    if (!options.nodes.empty()) {
        path += "&node=" + encodedList(shell.nodes(options.nodes));
        if (checks.empty())
            checks = {"bmc"};
    }
    if (!checks.empty())
        path += "&check=" + encodedList(checks);
    const json answer = shell.client().get(path);
    for (const json& found : answer.at("findings"))
        findings.push_back(found);
    return showFindings(shell, findings);
}

} // namespace

void addDoctorCommand(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App* command =
        app.add_subcommand("doctor", "Check everything that provisioning needs; each finding names a remedy");
    command
        ->add_option("--check", options->checks,
                     "run only these checks: interface, dhcp, tftp, http, bmc, clock, space, ramdisk, "
                     "certificate, database")
        ->delimiter(',');
    command->add_option("--node", options->nodes, "nodes whose BMCs to check, names or globs (default: all)")
        ->delimiter(',');
    command->add_option("--seconds", options->seconds, "time limit in seconds")->check(CLI::Range(1, 100));
    command->footer("Examples:\n  bm doctor\n  bm doctor --check dhcp,tftp\n  bm doctor --node 'rack1-*'\n\n"
                    "Exit code: 0 when no finding is an error (warnings allowed), else 1.");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return doctor(shell, *options); }; });
}

} // namespace bm::cli
