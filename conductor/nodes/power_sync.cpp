#include "conductor/nodes/power_sync.h"

#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "conductor/core/nodes.h"

namespace bm::conductor {

using model::Node;

struct PowerSync::State {
    explicit State(Context given) : context(std::move(given)) {}
    Context context;
    std::size_t pollAll(const std::stop_token& stop);
    std::size_t readAll(drivers::PowerDriver& power, const std::vector<Node>& nodes,
                        const std::stop_token& stop);
    bool record(const Node& node, const drivers::PowerReading& reading);
    void countFailure(const Node& node, const drivers::PowerReading& reading);
    std::map<model::NodeId, int> silent; ///< polls in a row without an answer
    platform::Loop loop{"power", [this](const std::stop_token& stop) {
                            pollAll(stop);
                            return pause();
                        }};
    platform::Loop::Pause pause() const
    {
        return platform::Loop::Pause::exactly(context.settings.powerSyncInterval);
    }
};

/// A BMC that did not answer three polls in a row: its machine's power is unknown.
void PowerSync::State::countFailure(const Node& node, const drivers::PowerReading& reading)
{
    constexpr int kPolls = 3;
    if (++silent[node.id] != kPolls || node.power == model::PowerState::Unknown)
        return;
    context.database.write([&](db::Transaction& tx) {
        if (db::OperationRepository{}.current(tx, node.id))
            return;
        db::NodeRepository{}.recordPower(tx, node.id, model::PowerState::Unknown);
        recordEvent(tx, context.clock.now(), node.id, model::EventKind::PowerUnknown,
                    "the BMC did not answer three times" +
                        (reading.failure ? std::string(": ") + reading.failure->what() : ""));
    });
}

bool PowerSync::State::record(const Node& node, const drivers::PowerReading& reading)
{
    if (reading.failure) {
        countFailure(node, reading);
        return false;
    }
    silent.erase(node.id);
    if (reading.state == model::PowerState::Unknown) // a simulated machine that nobody has switched
        return true;
    if (reading.state == node.power)
        return true;
    context.database.write([&](db::Transaction& tx) {
        const std::optional<Node> stored = db::NodeRepository{}.find(tx, node.id);
        if (!stored || stored->power == reading.state || db::OperationRepository{}.current(tx, node.id))
            return;
        db::NodeRepository{}.recordPower(tx, node.id, reading.state);
        recordEvent(tx, context.clock.now(), node.id,
                    reading.state == model::PowerState::On ? model::EventKind::PowerOn
                                                           : model::EventKind::PowerOff,
                    "seen by the periodic poll; not by bm's order");
    });
    return true;
}

std::size_t PowerSync::State::readAll(drivers::PowerDriver& power, const std::vector<Node>& nodes,
                                      const std::stop_token& stop)
{
    std::vector<Node> asked;
    std::vector<drivers::BmcAccess> bmcs;
    for (const Node& node : nodes) {
        try {
            bmcs.push_back(bmcAccess(context, node));
            asked.push_back(node);
        } catch (const model::Error& error) {
            platform::logDebug("power", "node {}: {}", node.id.uuid, error.what());
        }
    }
    const std::vector<drivers::PowerReading> readings =
        power.readPower(bmcs, model::Deadline::in(context.settings.powerSyncInterval, stop));
    std::size_t answered = 0;
    for (std::size_t i = 0; i < asked.size() && i < readings.size(); ++i)
        answered += record(asked[i], readings[i]) ? 1U : 0U;
    return answered;
}

PowerSync::PowerSync(Context context) : state_(std::make_unique<State>(std::move(context))) {}
PowerSync::~PowerSync()
{
    stop();
}

std::size_t PowerSync::State::pollAll(const std::stop_token& stop)
{
    std::map<drivers::PowerDriver*, std::vector<Node>> byDriver;
    context.database.read([&](db::Transaction& tx) {
        for (const Node& node : db::NodeRepository{}.all(tx))
            if (context.hardware.contains(node.driver) && node.state != model::State::Enroll &&
                !node.maintenance)
                byDriver[&powerOf(context, node)].push_back(node);
    });
    std::size_t answered = 0;
    for (const auto& [power, nodes] : byDriver)
        answered += readAll(*power, nodes, stop);
    return answered;
}

std::size_t PowerSync::runOnce(const std::stop_token& stop)
{
    return state_->pollAll(stop);
}

void PowerSync::start()
{
    if (state_->context.settings.powerSyncInterval.count() > 0)
        state_->loop.start(state_->pause());
}

void PowerSync::stop()
{
    state_->loop.stop();
}

} // namespace bm::conductor
