#include "api/api.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/access/site_guard.h"
#include "api/core/browser_headers.h"
#include "api/core/error_body.h"
#include "api/core/request_values.h"
#include "api/fleet/fleet_api.h"
#include "api/fleet/report_api.h"
#include "api/fleet/rollout_api.h"
#include "api/fleet/schedule_api.h"
#include "api/ironic/allocation_api.h"
#include "api/ironic/conductor_api.h"
#include "api/ironic/discovery_api.h"
#include "api/ironic/node_api.h"
#include "api/ironic/node_hardware_api.h"
#include "api/ironic/node_records_api.h"
#include "api/ironic/node_states_api.h"
#include "api/ironic/path_aliases.h"
#include "api/ironic/port_api.h"
#include "api/ironic/query_filter.h"
#include "api/ironic/trait_api.h"
#include "api/ironic/vendor_api.h"
#include "api/own/agent_api.h"
#include "api/own/audit_api.h"
#include "api/own/boot_api.h"
#include "api/own/capture_api.h"
#include "api/own/doctor_api.h"
#include "api/own/event_api.h"
#include "api/own/image_api.h"
#include "api/own/image_tag_api.h"
#include "api/own/log_api.h"
#include "api/own/metrics_api.h"
#include "api/own/node_batch.h"
#include "api/own/openapi.h"
#include "api/own/operation_api.h"
#include "api/own/unknown_machine_api.h"
#include "api/own/webhook_api.h"
#include "api/resources/resource_kinds.h"

namespace bm::api {
namespace {

/// Adds the version headers and refuses unsupported versions before any handler runs.
void negotiateVersion(http::Request& request, http::Response& response)
{
    if (request.actor.empty())
        request.actor = "operator";
    if (request.path != "/v1" && !request.path.starts_with("/v1/"))
        return;
    response.header(std::string(wire::kMinVersionHeader), wire::toText(wire::kMinVersion));
    response.header(std::string(wire::kMaxVersionHeader), wire::toText(wire::kMaxVersion));
    response.header(std::string(wire::kVersionHeader), wire::toText(versionOf(request)));
    response.header("Vary", std::string(wire::kVersionHeader));
}

void nameRequest(http::Request& request, http::Response& response)
{
    if (!request.requestId.empty())
        response.header("Openstack-Request-Id", request.requestId);
}

std::vector<std::unique_ptr<ResourceHandler>> resourceHandlers(const ApiParts& parts)
{
    std::vector<std::unique_ptr<ResourceHandler>> handlers;
    for (const ResourceKind& kind : resourceKinds())
        handlers.push_back(kind.handler(parts));
    return handlers;
}

} // namespace

struct Api::State {
    explicit State(ApiParts given) : parts(std::move(given)) {}
    ApiParts parts;
    DiscoveryApi discovery{parts};
    NodeApi nodes{parts};
    NodeStatesApi states{parts};
    PortApi ports{parts};
    ConductorApi conductors{parts};
    std::vector<std::unique_ptr<ResourceHandler>> resources = resourceHandlers(parts);
    AllocationApi allocationOfNode{parts};
    TraitApi traits{parts};
    NodeHardwareApi hardware{parts};
    NodeRecordsApi records{parts};
    VendorApi vendor{parts};
    OperationApi operations{parts};
    EventApi events{parts};
    FleetApi fleet{parts};
    DoctorApi doctor{parts};
    UnknownMachineApi unknownMachines{parts};
    NodeBatch batch{parts};
    ImageApi images{parts};
    ImageTagApi tags{parts};
    CaptureApi captures{parts};
    ReportApi reports{parts};
    RolloutApi rollouts{parts};
    ScheduleApi schedules{parts};
    AgentApi agents{parts};
    BootApi boots{parts};
    MetricsApi metrics{parts};
    AuditApi audit{parts};
    LogApi logs{parts};
    WebhookApi webhooks{parts};
};

Api::Api(ApiParts parts) : state_(std::make_unique<State>(std::move(parts))) {}
Api::~Api() = default;

void Api::mount(http::Router& router)
{
    router.onError([this](const http::Request& request, http::Response& response, const model::Error& error) {
        const std::optional<model::Error> shown = shownError(state_->parts, request, error);
        renderIronicError(request, response, shown ? *shown : error);
    });
    addPathAliases(router, state_->parts);
    router.filter(addBrowserHeaders);
    router.filter(nameRequest);
    router.filter(
        siteGuard({.checkHost = state_->parts.settings.checkHost, .names = state_->parts.settings.names}));
    router.filter(negotiateVersion);
    router.filter(policyFilter(state_->parts));
    router.filter(queryFilter());
    state_->discovery.mount(router);
    state_->nodes.mount(router);
    state_->states.mount(router);
    state_->ports.mount(router);
    state_->conductors.mount(router);
    for (const std::unique_ptr<ResourceHandler>& resource : state_->resources)
        resource->mount(router);
    state_->allocationOfNode.mount(router);
    state_->traits.mount(router);
    state_->hardware.mount(router);
    state_->records.mount(router);
    state_->vendor.mount(router);
    state_->operations.mount(router);
    state_->events.mount(router);
    state_->fleet.mount(router);
    state_->doctor.mount(router);
    state_->unknownMachines.mount(router);
    state_->batch.mount(router);
    state_->images.mount(router);
    state_->tags.mount(router);
    state_->captures.mount(router);
    state_->reports.mount(router);
    state_->rollouts.mount(router);
    state_->schedules.mount(router);
    state_->agents.mountIronic(router, AgentApi::Versions::Required);
    state_->metrics.mount(router);
    state_->audit.mount(router);
    state_->logs.mount(router);
    state_->webhooks.mount(router);
    const std::string path = "/v1/openapi.json";
    std::vector<std::string> routes = router.routes();
    routes.push_back("GET " + path);
    router.add(http::Method::Get, path, [routes](http::Request&, http::Response& response) {
        response.sendJson(200, openApiDocument(routes));
    });
    router.onFinish(
        [this](const http::Request& request, const http::Response& response, const http::Finish& finish) {
            state_->metrics.record("operators", request, response, finish);
            state_->audit.record(request, response, finish);
        });
}

void Api::mountProvisioning(http::Router& router)
{
    router.onError(renderPlainError);
    router.filter(siteGuard({.bodies = BodyTypes::Any})); // machines send forms, too
    state_->agents.mountIronic(router, AgentApi::Versions::Ignored);
    state_->agents.mountOwn(router);
    state_->captures.mountAgent(router);
    state_->images.mountBlocks(router);
    state_->boots.mount(router);
    router.onFinish(
        [this](const http::Request& request, const http::Response& response, const http::Finish& finish) {
            state_->metrics.record("machines", request, response, finish);
        });
    state_->rollouts.mountPhoneHome(router);
}

void Api::stop()
{
    state_->events.stop();
}

} // namespace bm::api
