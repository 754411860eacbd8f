#include "conductor/health/doctor.h"

#include "conductor/core/nodes.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <thread>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

constexpr int kAtOnce = 2;
constexpr std::size_t kFindingsPerCheck = 100;

std::string nameOf(const Node& node)
{
    return node.name.empty() ? node.id.uuid : node.name;
}

Finding failed(const std::string& check, const std::exception& failure)
{
    Finding finding{.check = check, .severity = Severity::Warning, .subject = {}, .what = {}, .remedy = {}};
    finding.what = std::string("could not check: ") + failure.what();
    if (const auto* error = dynamic_cast<const Error*>(&failure))
        finding.remedy = error->hint();
    return finding;
}

std::vector<Finding> run(const Check& check, const model::Deadline& deadline)
{
    std::vector<Finding> findings;
    try {
        findings = check.examine(deadline);
    } catch (const std::exception& failure) {
        findings = {failed(check.name, failure)};
    }
    const std::size_t more = findings.size() > kFindingsPerCheck ? findings.size() - kFindingsPerCheck : 0;
    findings.resize(findings.size() - more);
    if (more > 0)
        findings.push_back({.check = {},
                            .severity = Severity::Warning,
                            .subject = {},
                            .what = fmt::format("and {} more findings", more),
                            .remedy = "repair those above first"});
    for (Finding& finding : findings)
        finding.check = check.name;
    return findings;
}

/// The BMCs of one hardware type.
struct Group {
    std::vector<Node> nodes;
    std::vector<drivers::BmcAccess> bmcs;
};

} // namespace

std::string_view toText(Severity severity) noexcept
{
    switch (severity) {
    case Severity::Ok:
        return "ok";
    case Severity::Warning:
        return "warning";
    case Severity::Error:
        return "error";
    }
    return "error";
}

Doctor::Doctor(Context context, std::vector<Check> checks)
    : context_(std::move(context)), checks_(std::move(checks))
{}

std::vector<std::string> Doctor::names() const
{
    std::vector<std::string> names{"bmc"};
    for (const Check& check : checks_)
        names.push_back(check.name);
    return names;
}

std::vector<Finding> Doctor::examine(const std::vector<std::string>& only,
                                     const std::vector<std::string>& nodes, const model::Deadline& deadline)
{
    const std::vector<std::string> known = names();
    for (const std::string& name : only)
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw Error(ErrorCode::NotFound, fmt::format("there is no check \"{}\"", name.substr(0, 80)),
                        fmt::format("there are: {}", fmt::join(known, ", ")));
    std::vector<Node> asked = nodesCalled(nodes);
    struct Turn {
        explicit Turn(std::atomic<int>& count) : count_(count) { ++count_; }
        ~Turn() { --count_; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        std::atomic<int>& count_;
    };
    const Turn turn(atWork_);
    if (atWork_ > kAtOnce)
        throw Error(ErrorCode::Conflict, "two examinations are at work already", "wait for one to end");
    std::vector<Check> wanted;
    const auto isWanted = [&](const std::string& name) {
        return only.empty() || std::find(only.begin(), only.end(), name) != only.end();
    };
    for (const Check& check : checks_)
        if (isWanted(check.name))
            wanted.push_back(check);
    if (isWanted("bmc"))
        wanted.push_back({"bmc", [&](const model::Deadline& end) { return examineBmcs(asked, end); }});
    std::vector<std::vector<Finding>> found(wanted.size());
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < wanted.size(); ++i)
            threads.emplace_back([&, i] { found[i] = run(wanted[i], deadline); });
    }
    std::vector<Finding> all;
    for (std::vector<Finding>& some : found)
        std::move(some.begin(), some.end(), std::back_inserter(all));
    return all;
}

std::vector<Node> Doctor::nodesCalled(const std::vector<std::string>& names) const
{
    return context_.database.read([&](db::Transaction& tx) {
        if (names.empty())
            return db::NodeRepository{}.all(tx);
        std::vector<Node> nodes;
        nodes.reserve(names.size());
        for (const std::string& name : names)
            nodes.push_back(findNode(tx, name));
        return nodes;
    });
}

namespace {

/// Adds the problems of the BMCs to @p findings. @return how many BMCs answer
std::size_t examineGroup(drivers::PowerDriver& power, const drivers::BmcControl* control, const Group& group,
                         const model::Deadline& deadline, std::vector<Finding>& findings)
{
    std::size_t good = 0;
    const std::vector<drivers::PowerReading> readings = power.readPower(group.bmcs, deadline);
    for (std::size_t i = 0; i < group.nodes.size() && i < readings.size(); ++i) {
        const std::string name = nameOf(group.nodes[i]);
        const std::optional<Error>& failure = readings[i].failure;
        if (failure) {
            findings.push_back({{}, Severity::Error, name, failure->what(), failure->hint()});
            continue;
        }
        ++good;
        if (const auto weakness = control == nullptr ? std::nullopt : control->weakness(group.bmcs[i]))
            findings.push_back({{}, Severity::Warning, name, weakness->message, weakness->hint});
    }
    return good;
}

} // namespace

std::vector<Finding> Doctor::examineBmcs(const std::vector<Node>& nodes,
                                         const model::Deadline& deadline) const
{
    std::vector<Finding> findings;
    std::map<drivers::PowerDriver*, Group> groups;
    for (const Node& node : nodes) {
        try {
            drivers::BmcAccess bmc = bmcAccess(context_, node);
            Group& group = groups[&powerOf(context_, node)];
            group.bmcs.push_back(std::move(bmc));
            group.nodes.push_back(node);
        } catch (const Error& error) {
            findings.push_back({{},
                                Severity::Error,
                                nameOf(node),
                                error.what(),
                                error.hint().empty() ? "bm node check " + nameOf(node) : error.hint()});
        }
    }
    std::size_t good = 0;
    for (const auto& [power, group] : groups)
        good +=
            examineGroup(*power, hardwareOf(context_, group.nodes.front()).standard("management").bmc.get(),
                         group, deadline, findings);
    findings.insert(findings.begin(),
                    {{}, Severity::Ok, {}, fmt::format("{} of {} BMCs answer", good, nodes.size()), {}});
    return findings;
}

} // namespace bm::conductor
