#include "conductor/fleet/selection/selection.h"

#include "common/model/error.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/images/image_by_url.h"
#include "db/repositories/rollout_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Node;

namespace {

/// Names, ids and tags of images, by content.
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
    SelectorFacts of(const Node& node) const
    {
        const auto deployed = deployed_.find(node.id.uuid);
        SelectorFacts facts{node, {}, {}, now_};
        if (deployed != deployed_.end())
            facts.lastDeployed = deployed->second;
        if (node.state != model::State::Active)
            return facts;
        const nlohmann::json instance = wire::valueOf(node.instanceInfo);
        const auto found = names_.find(wire::textMember(instance, "image_checksum"));
        if (found != names_.end())
            facts.images = found->second;
        facts.images.push_back(carriedImage(instance));
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

/// Lists how many nodes each condition left.
[[noreturn]] void refuseNothing(const Selector& selector, const std::vector<SelectorFacts>& fleet)
{
    std::string story;
    for (const SelectorTerm& term : selector.terms) {
        const auto number = std::count_if(fleet.begin(), fleet.end(),
                                          [&](const SelectorFacts& facts) { return fits(term, facts); });
        story += fmt::format("{}{}: {} of {}", story.empty() ? "" : ", ", term.text, number, fleet.size());
    }
    throw Error(ErrorCode::InvalidInput, "select: no node matches \"" + selector.text + "\"",
                story.empty() ? "bm node list shows all nodes" : "each alone matches: " + story);
}

} // namespace

struct FleetView::Loaded {
    Loaded(db::Transaction& tx, model::UtcTime now) : nodes(db::NodeRepository{}.all(tx))
    {
        const Facts facts(tx, now);
        for (const Node& node : nodes)
            fleet.push_back(facts.of(node));
    }
    const std::vector<Node> nodes;
    std::vector<SelectorFacts> fleet; ///< of each node; several selectors may read it
};

FleetView::FleetView(db::Transaction& tx, model::UtcTime now) : loaded_(std::make_unique<Loaded>(tx, now)) {}
FleetView::~FleetView() = default;

std::vector<Selected> FleetView::select(db::Transaction& tx, const RolloutRequest& request) const
{
    const std::vector<SelectorFacts>& fleet = loaded_->fleet;
    const std::set<std::string> named = namedNodes(tx, request.nodes);
    std::vector<Selected> selected;
    for (const SelectorFacts& facts : fleet) {
        if (!request.nodes.empty() && !named.contains(facts.node.id.uuid))
            continue;
        if (fits(request.selector, facts))
            selected.push_back({facts.node, facts.lastDeployed});
    }
    if (selected.empty())
        refuseNothing(request.selector, fleet);
    const bool everything = selected.size() == fleet.size() && fleet.size() > 1;
    if (everything && request.nodes.empty() && request.count == 0 && !request.all)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("select: \"{}\" matches the whole fleet, {} nodes", request.selector.text,
                                fleet.size()),
                    R"(to select the whole fleet: "all": true, --all)");
    return selected;
}

std::vector<Selected> selectNodes(db::Transaction& tx, model::UtcTime now, const RolloutRequest& request)
{
    return FleetView(tx, now).select(tx, request);
}

} // namespace bm::conductor::fleet
