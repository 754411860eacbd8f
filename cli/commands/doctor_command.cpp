// `bm doctor`: bmd looks at what it needs, and we at what lies between.
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
constexpr std::int64_t kSkewError = 300; // certificates and tokens begin to fail

struct DoctorOptions {
    std::vector<std::string> checks;
    std::vector<std::string> nodes;
    int seconds = 20;
};

/// Seconds since 1970 of an HTTP date, "Sat, 21 Nov 2026 02:40:18 GMT"; 0: none.
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
        findings.push_back(finding("skew", "warning", "could not check: bmd's answer has no date"));
        return findings;
    }
    const std::int64_t skew = std::abs(theirs - static_cast<std::int64_t>(std::time(nullptr)));
    const std::string what = fmt::format("this machine's clock and bmd's differ by {} s", skew);
    if (skew < kSkewWarning)
        findings.push_back(finding("skew", "ok", what));
    else
        findings.push_back(finding("skew", skew < kSkewError ? "warning" : "error", what,
                                   "timedatectl on both; one of them is not kept"));
    return findings;
}

std::string joined(const std::vector<std::string>& words)
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
        path += "&node=" + joined(shell.nodes(options.nodes));
        if (checks.empty())
            checks = {"bmc"};
    }
    if (!checks.empty())
        path += "&check=" + joined(checks);
    const json answer = shell.client().get(path);
    for (const json& found : answer.at("findings"))
        findings.push_back(found);
    return showFindings(shell, findings);
}

} // namespace

void addDoctorCommand(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = app.add_subcommand(
        "doctor", "Check everything that provisioning needs; each finding names its remedy");
    command
        ->add_option(
            "--check", options->checks,
            "only these: interface, dhcp, tftp, http, bmc, clock, space, ramdisk, certificate, database")
        ->delimiter(',');
    command
        ->add_option("--node", options->nodes, "check the BMCs of these nodes, names or globs (default: all)")
        ->delimiter(',');
    command->add_option("--seconds", options->seconds, "how long it may take")->check(CLI::Range(1, 100));
    command->footer("Examples:\n  bm doctor\n  bm doctor --check dhcp,tftp\n  bm doctor --node 'rack1-*'\n\n"
                    "Exit code: 0 without an error among the findings (warnings may be), else 1.");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return doctor(shell, *options); }; });
}

} // namespace bm::cli
