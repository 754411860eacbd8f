#include "conductor/fleet/selection.h"

#include "common/model/error.h"
#include "conductor/json_values.h"
#include "conductor/nodes.h"
#include "db/rollout_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

/// By content: the names, ids and tags under which an image goes.
std::map<std::string, std::vector<std::string>> namesByContent(db::Transaction& tx)
{
    std::map<std::string, std::vector<std::string>> names;
    std::map<std::string, std::string> contentOf;
    for (const model::Image& image : db::ImageRepository{}.all(tx)) {
        contentOf[image.id.uuid] = image.contentId;
        names[image.contentId].push_back(image.name);
        names[image.contentId].push_back(image.id.uuid);
    }
    for (const model::ImageTag& tag : db::ImageTagRepository{}.all(tx))
        names[contentOf[tag.image.uuid]].push_back(tag.reference);
    return names;
}

class Facts {
public:
    Facts(db::Transaction& tx, model::UtcTime now)
        : names_(namesByContent(tx)), deployed_(db::DeployHistory{}.lastDeployed(tx)), now_(now)
    {}
    std::optional<model::UtcTime> lastDeployed(const Node& node) const
    {
        const auto found = deployed_.find(node.id.uuid);
        return found == deployed_.end() ? std::nullopt : std::optional(found->second);
    }
    SelectorFacts of(const Node& node) const
    {
        SelectorFacts facts{node, {}, lastDeployed(node), now_};
        if (node.state != model::State::Active)
            return facts;
        const nlohmann::json instance = valueOf(node.instanceInfo);
        const auto found = names_.find(textMember(instance, "image_checksum"));
        if (found != names_.end())
            facts.images = found->second;
        facts.images.push_back(textMember(instance, "image_source"));
        return facts;
    }

private:
    std::map<std::string, std::vector<std::string>> names_;
    std::map<std::string, model::UtcTime> deployed_;
    model::UtcTime now_;
};

std::set<std::string> namedNodes(db::Transaction& tx, const std::vector<std::string>& idents)
{
    std::set<std::string> uuids;
    for (const std::string& ident : idents)
        uuids.insert(findNode(tx, ident).id.uuid);
    return uuids;
}

/// Says which condition left how many nodes, so that the one at fault is seen.
[[noreturn]] void refuseNothing(const Selector& selector, const std::vector<Node>& nodes, const Facts& facts)
{
    std::string story;
    for (const SelectorTerm& term : selector.terms) {
        const auto number = std::count_if(nodes.begin(), nodes.end(),
                                          [&](const Node& node) { return fits(term, facts.of(node)); });
        story += fmt::format("{}{}: {} of {}", story.empty() ? "" : ", ", term.text, number, nodes.size());
    }
    throw Error(ErrorCode::InvalidInput, "select: no node matches \"" + selector.text + "\"",
                story.empty() ? "bm node list shows the nodes that there are"
                              : "each alone matches: " + story);
}

} // namespace

struct FleetView::Loaded {
    Loaded(db::Transaction& tx, model::UtcTime now) : nodes(db::NodeRepository{}.all(tx)), facts(tx, now) {}
    std::vector<Node> nodes;
    Facts facts;
};

FleetView::FleetView(db::Transaction& tx, model::UtcTime now) : loaded_(std::make_unique<Loaded>(tx, now)) {}
FleetView::~FleetView() = default;

std::vector<Selected> FleetView::select(db::Transaction& tx, const RolloutRequest& request) const
{
    const std::vector<Node>& all = loaded_->nodes;
    const Facts& facts = loaded_->facts;
    const std::set<std::string> named = namedNodes(tx, request.nodes);
    std::vector<Selected> selected;
    for (const Node& node : all) {
        if (!request.nodes.empty() && !named.contains(node.id.uuid))
            continue;
        if (fits(request.selector, facts.of(node)))
            selected.push_back({node, facts.lastDeployed(node)});
    }
    if (selected.empty())
        refuseNothing(request.selector, all, facts);
    const bool everything = selected.size() == all.size() && all.size() > 1;
    if (everything && request.nodes.empty() && request.count == 0 && !request.all)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("select: \"{}\" matches the whole fleet, {} nodes", request.selector.text,
                                all.size()),
                    R"(if that is meant, say so: "all": true, --all)");
    return selected;
}

std::vector<Selected> selectNodes(db::Transaction& tx, model::UtcTime now, const RolloutRequest& request)
{
    return FleetView(tx, now).select(tx, request);
}

} // namespace bm::conductor::fleet
