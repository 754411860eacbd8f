// A project neither sees, deploys nor changes another project's image, whatever it calls it.
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <set>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

void actAsToldByHeaders(http::Request& request, http::Response& /*response*/)
{
    request.actor = request.header("X-Test-Actor").value_or("admin");
    request.grant.role = model::roleFromText(request.header("X-Test-Role").value_or("admin")).value();
    request.grant.project = request.header("X-Test-Project").value_or("");
    request.proved = true;
}

/// Images of the projects alpha and beta and a public one, and a node of beta.
struct Projects {
    ApiWorld world{{}, actAsToldByHeaders};
    model::Image secret = image("a-secret", 'a', "alpha", model::ImageVisibility::Project);
    model::Image shared = image("shared", 'b', "alpha", model::ImageVisibility::Public);
    model::Image own = image("b-own", 'c', "beta", model::ImageVisibility::Project);
    model::Image systems = image("golden", 'd', "", model::ImageVisibility::Project);

    Projects()
    {
        world.world.nodeIn(model::State::Available, "b-node");
        world.world.core->nodes.update(
            "b-node", [](model::Node& node) { node.owner = "beta"; }, "tester");
        world.world.core->tags.set("a:stable", "a-secret", "anna");
        world.world.core->tags.set("b:stable", "shared", "anna");
    }

    model::Image image(const std::string& name, char content, const std::string& owner,
                       model::ImageVisibility visibility)
    {
        world.world.image(name, content);
        return world.world.core->catalogue.change(name, {}, [&](model::Image& changed) {
            changed.owner = owner;
            changed.visibility = visibility;
        });
    }
    Answer ask(const std::string& project, const std::string& method, const std::string& path,
               const std::string& body = "", const std::string& role = "admin")
    {
        return world.ask(method, path, body, "1.82",
                         {{"X-Test-Actor", "eve"}, {"X-Test-Role", role}, {"X-Test-Project", project}});
    }
    std::set<std::string> listed(const std::string& project)
    {
        std::set<std::string> names;
        const Answer answer = ask(project, "GET", "/v1/images");
        for (const json& item : answer.body.at("images"))
            names.insert(item.at("name").get<std::string>());
        return names;
    }
    void nameInNode(const std::string& reference)
    {
        const json patch =
            json::array({{{"op", "add"}, {"path", "/instance_info/image_source"}, {"value", reference}}});
        const Answer answer = ask("beta", "PATCH", "/v1/nodes/b-node", patch.dump());
        INFO(answer.text);
        REQUIRE(answer.status == 200);
    }
};

/// The message about @p reference, without it.
std::string withoutName(std::string text, const std::string& reference)
{
    for (std::size_t at = text.find(reference); at != std::string::npos; at = text.find(reference))
        text.replace(at, reference.size(), "*");
    return text;
}

} // namespace

TEST_CASE("another project's image answers as one that does not exist", "[api][images][security]")
{
    Projects projects;
    const Answer unknown = projects.ask("beta", "GET", "/v1/images/nothing");
    REQUIRE(unknown.status == 404);
    for (const std::string& name : {projects.secret.name, projects.secret.id.uuid, projects.secret.contentId,
                                    std::string("golden"), projects.systems.id.uuid}) {
        INFO(name);
        for (const auto& [method, path, body] :
             std::vector<std::tuple<std::string, std::string, std::string>>{
                 {"GET", "", ""},
                 {"PATCH", "", R"({"labels": {"a": "b"}})"},
                 {"PATCH", "", R"({"visibility": "public"})"},
                 {"DELETE", "", ""},
                 {"POST", "/verify", ""}}) {
            const Answer answer = projects.ask("beta", method, "/v1/images/" + name + path, body);
            INFO(method << " " << body << " " << answer.text);
            CHECK(answer.status == 404);
            CHECK(withoutName(answer.fault(), name) == withoutName(unknown.fault(), "nothing"));
        }
        CHECK(projects.ask("beta", "GET", "/v1/images/" + name + "/manifest").status == 403);
        CHECK(projects.ask("beta", "GET", "/v1/images/" + name + "/blocks").status == 403);
        CHECK(projects.ask("beta", "PUT", "/v1/image-tags/b:mine", json{{"image", name}}.dump()).status ==
              403);
    }
    CHECK(projects.ask("beta", "GET", "/v1/images/a:stable").status == 404);
    CHECK(projects.listed("beta") == std::set<std::string>{"shared", "b-own", "debian"});
    CHECK(projects.listed("alpha") == std::set<std::string>{"a-secret", "shared", "debian"});
    CHECK(projects.listed("").size() == 5); // with debian, which World adds for its nodes
    CHECK(projects.world.world.core->catalogue.get("a-secret", {}).labels.text == "{}");
}

TEST_CASE("tags show no other project's image", "[api][images][security]")
{
    Projects projects;
    const auto tags = [&](const std::string& project) {
        std::set<std::string> all;
        const Answer answer = projects.ask(project, "GET", "/v1/image-tags");
        for (const json& tag : answer.body.at("image_tags"))
            all.insert(tag.at("tag").get<std::string>());
        return all;
    };
    CHECK(tags("beta") == std::set<std::string>{"b:stable"});
    CHECK(tags("alpha") == std::set<std::string>{"a:stable", "b:stable"});
    CHECK(projects.ask("beta", "GET", "/v1/image-tags/a:stable").status == 404);
    CHECK(projects.ask("alpha", "GET", "/v1/image-tags/a:stable").status == 200);
    projects.world.world.core->tags.remove("a:stable", "anna");
    CHECK(projects.ask("beta", "GET", "/v1/image-tags/a:stable").status == 404);
}

TEST_CASE("another project's image is not deployed", "[api][images][security]")
{
    Projects projects;
    const auto provision = [&](const std::string& project, const std::string& image) {
        const Answer answer = projects.ask(project, "POST", "/v1/nodes/b-node/provision",
                                           json{{"image", image}, {"config_drive", false}}.dump());
        INFO(image << " " << answer.text);
        return answer.status;
    };
    const std::string active = R"({"target": "active"})";
    for (const std::string& name : {projects.secret.name, projects.secret.id.uuid, projects.secret.contentId,
                                    std::string("a:stable"), std::string("golden")}) {
        INFO(name);
        CHECK(provision("beta", name) == 404);
        projects.nameInNode(name);
        CHECK(projects.ask("beta", "PUT", "/v1/nodes/b-node/states/provision", active).status == 404);
        const json verdict = projects.ask("beta", "GET", "/v1/nodes/b-node/validate").body.at("deploy");
        CHECK_THAT(verdict.at("reason").get<std::string>(), Contains("is not in the catalogue"));
        // The system acts on the word of the project, and so with its rights.
        CHECK(projects.ask("", "PUT", "/v1/nodes/b-node/states/provision", active).status == 404);
        CHECK(projects.ask("", "POST", "/v1/nodes/b-node/provision", R"({"config_drive": false})").status ==
              404);
    }
    SECTION("but its own is")
    {
        CHECK(provision("beta", "b-own") == 202);
    }
    SECTION("but a public one is, by the system's word in the node, too")
    {
        projects.nameInNode("b:stable");
        CHECK(projects.ask("", "PUT", "/v1/nodes/b-node/states/provision", active).status == 202);
    }
    SECTION("but any is that the system names itself")
    {
        CHECK(provision("", "a-secret") == 202);
    }
}

TEST_CASE("a project changes its own images, and the system alone publishes", "[api][images][security]")
{
    Projects projects;
    const auto patched = [&](const std::string& project, const std::string& image, const json& change,
                             const std::string& role = "member") {
        return projects.ask(project, "PATCH", "/v1/images/" + image, change.dump(), role);
    };
    CHECK(patched("alpha", "a-secret", {{"labels", {{"a", "b"}}}}).status == 200);
    CHECK(patched("alpha", "a-secret", {{"labels", {{"a", "b"}}}}, "reader").status == 403);
    CHECK(patched("alpha", "a-secret", {{"visibility", "public"}}, "admin").status == 403);
    CHECK(patched("alpha", "a-secret", {{"owner", "beta"}}, "admin").status == 403);
    CHECK(patched("alpha", "shared", {{"labels", {{"a", "b"}}}}, "admin").status == 403); // public
    CHECK(projects.ask("alpha", "DELETE", "/v1/images/shared").status == 403);
    CHECK(projects.ask("alpha", "POST", "/v1/images/shared/verify").status == 403);
    CHECK(projects.ask("alpha", "POST", "/v1/images", R"({"name": "x", "url": "http://images.example/x"})")
              .status == 403);
    CHECK(projects.ask("alpha", "POST", "/v1/nodes/b-node/capture", R"({"name": "x"})").status == 403);

    const Answer used = projects.ask("alpha", "DELETE", "/v1/images/a-secret");
    CHECK(used.status == 409);
    CHECK_THAT(used.text, !Contains("a:stable"));
    CHECK_THAT(projects.ask("", "DELETE", "/v1/images/a-secret").text, Contains("a:stable"));
    projects.world.world.core->tags.remove("a:stable", "anna");
    CHECK(projects.ask("alpha", "DELETE", "/v1/images/a-secret").status == 204);

    CHECK(projects.ask("beta", "GET", "/v1/images/shared").body.at("owner").is_null());
    CHECK(projects.ask("alpha", "GET", "/v1/images/shared").body.at("owner") == "alpha");
    CHECK(patched("", "shared", {{"visibility", "all"}}).status == 400);
    CHECK(patched("", "golden", {{"visibility", "public"}}).body.at("visibility") == "public");
    CHECK(projects.listed("beta").contains("golden"));
    CHECK(patched("", "golden", {{"visibility", "project"}, {"owner", "beta"}}).body.at("owner") == "beta");
    CHECK_FALSE(projects.listed("alpha").contains("golden"));
    CHECK(projects.ask("beta", "DELETE", "/v1/images/golden", "", "member").status == 204);
}
