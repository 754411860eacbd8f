#include "api/own/doctor_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"
#include "conductor/health/doctor.h"

#include <algorithm>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::int64_t kUsualSeconds = 20;
constexpr std::int64_t kMostSeconds = 100;

std::vector<std::string> listOf(const Request& request, const char* name)
{
    std::vector<std::string> values;
    const std::string text = request.queryParam(name).value_or("");
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (end > begin)
            values.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return values;
}

} // namespace

void DoctorApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/doctor", [this](Request& q, Response& a) { examine(q, a); });
}

void DoctorApi::examine(Request& request, Response& response) const
{
    refuseOtherQuery(request, "check node seconds");
    if (parts_.doctor == nullptr)
        throw model::Error(model::ErrorCode::NotFound, "this bmd has no checks");
    const std::chrono::seconds span(
        std::max<std::int64_t>(1, numberOf(request, "seconds", kUsualSeconds, kMostSeconds)));
    const std::vector<conductor::Finding> findings =
        parts_.doctor->examine(listOf(request, "check"), listOf(request, "node"), model::Deadline::in(span));
    wire::JsonWriter out;
    out.beginObject().key("at").time(parts_.context.clock.now()).key("findings").beginArray();
    for (const conductor::Finding& finding : findings) {
        out.beginObject();
        out.key("id").string(finding.check);
        out.key("severity").string(conductor::toText(finding.severity));
        out.key("subject").stringOrNull(finding.subject);
        out.key("what").string(finding.what);
        out.key("remedy").stringOrNull(finding.remedy);
        out.endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

} // namespace bm::api
