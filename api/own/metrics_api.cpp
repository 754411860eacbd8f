#include "api/own/metrics_api.h"

namespace bm::api {

void MetricsApi::mount(http::Router& router)
{
    router.add(http::Method::Get, "/metrics", [this](http::Request&, http::Response& response) {
        response.sendText(200, parts_.context.meters.registry.render(), metrics::Metrics::kContentType);
    });
}

void MetricsApi::record(std::string_view listener, const http::Request& request,
                        const http::Response& response, const http::Finish& finish) const
{
    parts_.context.meters.request(listener, toText(request.method), request.route, response.status,
                                  finish.took);
}

} // namespace bm::api
