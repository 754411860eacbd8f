#include "tests/support/world.h"

#include "tests/db/repeating_engine.h"

#include <cstdlib>
#include <regex>

namespace bm::test {

using model::Node;
using model::State;
using model::StateEvent;
using namespace std::chrono_literals;

Units unitsOfEnvironment()
{
    const char* wanted = std::getenv("BM_TEST_ENGINE");
    return wanted != nullptr && std::string_view(wanted) == "repeating" ? Units::Twice : Units::Once;
}

World::World(conductor::Settings settings, bool durable, Units units)
{
    if (units == Units::Twice)
        settings_.database.around = [](std::unique_ptr<db::Engine> engine) {
            return std::make_unique<db::RepeatingEngine>(std::move(engine), db::FirstTry::AtCommit);
        };
    settings_.database.file = folder.path() / "bm.sqlite";
    settings_.database.durable = durable;
    settings_.database.readers = 1;
    settings_.images.folder = folder.path() / "images";
    settings_.images.reserveBytes = 0;
    settings_.ipmi.runFolder = folder.path() / "run";
    settings_.conductor = std::move(settings);
    settings_.conductor.handlersFile = handlersFile();
    settings_.conductor.baseUrl = "http://192.0.2.1:6386";
    settings_.outgoing.allow = {{platform::networkFromText("127.0.0.0/8")},
                                {platform::networkFromText("::1")}};
    settings_.secretKeyFile = folder.path() / "key";
    settings_.rollouts.gatesFolder = gatesFolder();
    core = std::make_unique<bmd::Core>(settings_, clock);
}

void World::restart(std::chrono::milliseconds downtime)
{
    core->engine.beat(); // bmd lived until now
    core.reset();
    clock.advance(downtime);
    core = std::make_unique<bmd::Core>(settings_, clock);
    core->engine.recover();
}

Node World::enrol(const std::string& name, const std::string& driverInfo)
{
    Node node;
    node.name = name;
    node.driver = "fake-hardware";
    node.driverInfo.text = driverInfo;
    model::Port port;
    ++macs_;
    port.mac = *model::macFromText("52:54:00:00:00:" + std::string(macs_ < 16 ? "0" : "") +
                                   (macs_ < 16 ? std::string(1, "0123456789abcdef"[macs_]) : "10"));
    return core->nodes.createWithPorts(node, {port}, "tester");
}

model::Image World::image(const std::string& name, char content)
{
    model::Image image;
    image.id = model::ImageId::make();
    image.name = name;
    image.state = model::ImageState::Ready;
    image.contentId = std::string(64, content);
    image.sizeBytes = 4U << 20U;
    image.manifestSha256 = std::string(64, 'd');
    image.visibility = model::ImageVisibility::Public;
    image.createdAt = clock.now();
    core->database.write([&](db::Transaction& tx) { db::ImageRepository{}.insert(tx, image); });
    return image;
}

void World::runUntilIdle(std::chrono::milliseconds span)
{
    for (std::chrono::milliseconds passed{0}; passed <= span; passed += 250ms) {
        for (int i = 0;
             i < 50 && (core->engine.runOnce() || core->rollouts.runOnce() || core->allocator.runOnce());
             ++i) {
        }
        clock.advance(250ms);
    }
}

Node World::nodeIn(State state, const std::string& name)
{
    const bool waits = state == State::WaitCallback || state == State::CleanWait || state == State::Deploying;
    const bool ready = core->database.read(
        [](db::Transaction& tx) { return db::ImageRepository{}.findByName(tx, "debian").has_value(); });
    if (!ready)
        image();
    const std::string never = R"({"fake_agent_delay": "never"})";
    const Node enrolled = enrol(name, state == State::CleanWait ? never : "{}");
    if (state == State::Enroll)
        return enrolled;
    verb(name, StateEvent::Manage);
    runUntilIdle(1s);
    if (state == State::Manageable)
        return node(name);
    verb(name, StateEvent::Provide);
    runUntilIdle(2s);
    if (state == State::Available || state == State::CleanWait)
        return node(name);
    if (waits)
        core->nodes.update(
            name, [&](Node& changed) { changed.driverInfo.text = never; }, "tester");
    deploy(name);
    if (state == State::Deploying)
        return node(name);
    runUntilIdle(3s);
    return node(name);
}

std::vector<model::NodeEvent> World::events(const std::string& ident) const
{
    const Node found = node(ident);
    return core->database.read(
        [&](db::Transaction& tx) { return db::EventRepository{}.ofNode(tx, found.id, 0, 1000); });
}

bool World::hasEvent(const std::string& ident, const std::string& kind) const
{
    for (const model::NodeEvent& event : events(ident))
        if (event.kind == kind)
            return true;
    return false;
}

std::optional<model::Operation> World::latestOperation(const std::string& ident) const
{
    const Node found = node(ident);
    return core->database.read(
        [&](db::Transaction& tx) { return db::OperationRepository{}.latest(tx, found.id); });
}

std::vector<model::Step> World::steps(const std::string& ident) const
{
    const std::optional<model::Operation> operation = latestOperation(ident);
    if (!operation)
        return {};
    return core->database.read(
        [&](db::Transaction& tx) { return db::OperationRepository{}.steps(tx, operation->id); });
}

void World::deploy(const std::string& ident, const std::string& imageName)
{
    conductor::DeployRequest request;
    request.image = imageName;
    const State state = stateOf(ident);
    core->operations.verb(ident, state == State::Active ? StateEvent::Rebuild : StateEvent::Deploy, {request},
                          "tester");
}

void World::verb(const std::string& ident, StateEvent event)
{
    core->operations.verb(ident, event, {}, "tester");
}

World::Agent World::bootAgent(const std::string& ident)
{
    Agent agent;
    agent.uuid = node(ident).id.uuid;
    const std::vector<model::Port> ports = core->database.read(
        [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, model::NodeId{agent.uuid}); });
    agent.mac = ports.at(0).mac.text;
    const std::string script = core->boots.script(agent.mac, "pcbios", "192.0.2.7");
    std::smatch match;
    if (std::regex_search(script, match, std::regex("bm\\.secret=([0-9a-f]+)")))
        agent.secret = match[1].str();
    agent.token = core->agents.lookup({agent.mac}, agent.uuid, agent.secret, agent.nonce, "192.0.2.7").token;
    return agent;
}

wire::AgentExchangeAnswer World::exchange(const Agent& agent, std::optional<wire::AgentStepReport> report,
                                          bool withInventory)
{
    wire::AgentExchangeRequest exchange;
    exchange.bootId = agent.bootId;
    exchange.agentVersion = "0.1.0";
    if (withInventory)
        exchange.inventory = model::JsonText{
            R"({"cpus":2,"memory_mb":512,"cpu_arch":"x86_64","firmware":"bios","nics":[{"name":"eth0","mac":")" +
            agent.mac + R"("}],"disks":[]})"};
    exchange.step = std::move(report);
    return core->agents.exchange(agent.uuid, agent.token, exchange, "192.0.2.7");
}

} // namespace bm::test
