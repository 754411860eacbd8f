// The kernel that a boot loader would start: by GRUB's configuration from grub-mkconfig and from bm, by
// entries of the Boot Loader Specification, and on a disk made by mkfs (mounting it needs root).
#include "agent/start/kernel_start.h"
#include "common/model/error.h"
#include "common/platform/exec.h"
#include "common/platform/files.h"
#include "common/platform/log.h"

#include <catch2/catch.hpp>
#include <unistd.h>

using namespace bm;
using namespace bm::agent;
using Texts = std::vector<std::string>;

namespace {

constexpr const char* kDebian = R"(
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set boot_once=true
else
   set default="0"
fi
function gfxmode {
	set gfxpayload="${1}"
}
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-f' {
	load_video
	if [ x$grub_platform = xxen ]; then insmod xzio; insmod lzopio; fi
	search --no-floppy --fs-uuid --set=root f00d
	echo	'Loading Linux 6.1.0-18-amd64 ...'
	linux	/boot/vmlinuz-6.1.0-18-amd64 root=UUID=f00d ro  quiet $vt_handoff
	echo	'Loading initial ramdisk ...'
	initrd	/boot/early.img /boot/initrd.img-6.1.0-18-amd64
}
submenu 'Advanced options' $menuentry_id_option 'x' {
	menuentry 'Debian GNU/Linux, with Linux 5.10' {
		linux	/boot/vmlinuz-5.10 root=UUID=f00d ro
	}
}
)";

} // namespace

TEST_CASE("the kernel that GRUB would start", "[agent][kernel]")
{
    SECTION("as grub-mkconfig writes it: the first entry; a variable of its own is left out")
    {
        const auto choice = kernelFromGrub(kDebian);
        REQUIRE(choice);
        CHECK(choice->kernel == "/boot/vmlinuz-6.1.0-18-amd64");
        CHECK(choice->initrds == Texts{"/boot/early.img", "/boot/initrd.img-6.1.0-18-amd64"});
        CHECK(choice->arguments == "root=UUID=f00d ro quiet");
    }
    SECTION("as bm writes it for a tree")
    {
        const auto choice =
            kernelFromGrub("serial --unit=0 --speed=115200\nset timeout=1\nset default=0\n"
                           "menuentry \"boot/vmlinuz-6.1\" {\n  linux /vmlinuz-6.1 root=UUID=a ro "
                           "console=ttyS0,115200n8\n  initrd /initrd.img-6.1\n}\n");
        REQUIRE(choice);
        CHECK(choice->kernel == "/vmlinuz-6.1");
        CHECK(choice->arguments == "root=UUID=a ro console=ttyS0,115200n8");
    }
    SECTION("the default by its number; submenus count as one")
    {
        const auto choice = kernelFromGrub("set default=2\nmenuentry a {\nlinux /a root=/dev/a\n}\n"
                                           "submenu b {\nmenuentry b1 {\nlinux /b root=/dev/b\n}\n}\n"
                                           "menuentry c {\nlinux ($root)/c root=/dev/c \"x=a b\"\n}\n");
        REQUIRE(choice);
        CHECK(choice->kernel == "/c");
        CHECK(choice->arguments == "root=/dev/c \"x=a b\"");
    }
    SECTION("without a menu: the kernel outside of functions")
    {
        const auto choice = kernelFromGrub("serial --unit=0\nfunction f {\nlinux /never root=/dev/a\n}\n"
                                           "linux /vmlinuz root=PARTUUID=a ro\ninitrd /initrd.img\nboot\n");
        REQUIRE(choice);
        CHECK(choice->kernel == "/vmlinuz");
        CHECK(choice->initrds == Texts{"/initrd.img"});
    }
    SECTION("no kernel with unknown arguments")
    {
        CHECK_FALSE(kernelFromGrub("menuentry a {\nlinux /a root=$where\n}\n"));
        CHECK_FALSE(kernelFromGrub("menuentry a {\nlinux /a $kernelopts\n}\n"));
        CHECK_FALSE(kernelFromGrub("menuentry a {\nlinux $kernel root=/dev/a\n}\n"));
        CHECK_FALSE(kernelFromGrub("menuentry a {\nchainloader /EFI/x.efi\n}\n"));
        CHECK_FALSE(kernelFromGrub("# menuentry a {\n# linux /a root=/dev/a\n# }\n"));
        CHECK_FALSE(kernelFromGrub("}}}} { menuentry \"\n'"));
        CHECK_FALSE(kernelFromGrub(""));
    }
}

TEST_CASE("the kernel of Boot Loader Specification entries", "[agent][kernel]")
{
    const auto choice = kernelFromEntries(
        {"title broken\noptions root=/dev/a\n",
         "title Linux\nlinux /vmlinuz\ninitrd /ucode.img\ninitrd /initrd.img\noptions root=UUID=a ro\n"});
    REQUIRE(choice);
    CHECK(choice->kernel == "/vmlinuz");
    CHECK(choice->initrds == Texts{"/ucode.img", "/initrd.img"});
    CHECK(choice->arguments == "root=UUID=a ro");
    CHECK_FALSE(kernelFromEntries({"title x\nlinux /vmlinuz\noptions $kernelopts\n"}));
}

TEST_CASE("the kernel on a disk", "[agent][kernel]")
{
    if (::geteuid() != 0)
        return; // mounts need root
    platform::setLogLevel(platform::LogLevel::Error);
    const platform::TemporaryFolder folder("bm-kernel-test");
    const std::unique_ptr<platform::Exec> exec = platform::makeExec(platform::kAllCapabilities);
    const auto disk = [&](const std::string& fill) {
        const platform::Exit exit = exec->run(
            {{"/bin/bash", "-c",
              "set -e; export PATH=$PATH:/usr/sbin:/sbin; cd " + folder.path().string() +
                  "; rm -rf r disk.raw part; mkdir -p r; cd r; " + fill +
                  "; cd ..; truncate -s 40M disk.raw; printf 'label: gpt\\nsize=4MiB\\nsize=30MiB\\n' | "
                  "sfdisk -q disk.raw; truncate -s 30M part; mke2fs -q -t ext4 -d r part; dd if=part "
                  "of=disk.raw bs=1M seek=5 conv=notrunc status=none"}},
            model::Deadline::in(std::chrono::minutes{1}));
        INFO(exit.err);
        REQUIRE(exit.code == 0);
        return (folder.path() / "disk.raw").string();
    };
    AgentLog log;
    std::string kernelText;
    const auto look = [&](const KernelChoice& choice, const std::string& mounted) {
        kernelText = platform::readFile(mounted + choice.kernel);
    };
    SECTION("by the grub.cfg whose files are there")
    {
        const std::string file =
            disk("mkdir -p grub loader/entries; echo kernel >vmlinuz-1; printf 'menuentry a "
                 "{\\nlinux /vmlinuz-1 root=/dev/x\\n}\\n' >grub/grub.cfg");
        REQUIRE(findKernel(file, log, look));
        CHECK(kernelText == "kernel\n");
    }
    SECTION("by the newest entry, rescue systems aside")
    {
        const std::string file = disk("mkdir -p loader/entries; for v in 6.1.0-9 6.1.0-10 7-rescue; do echo "
                                      "$v >vmlinuz-$v; printf \"linux "
                                      "/vmlinuz-$v\\noptions root=/dev/x\\n\" >loader/entries/$v.conf; done");
        REQUIRE(findKernel(file, log, look));
        CHECK(kernelText == "6.1.0-10\n");
    }
    SECTION("no missing kernel, and no link out of the file system")
    {
        CHECK_FALSE(findKernel(disk("mkdir grub; printf 'menuentry a {\\nlinux /vmlinuz root=/dev/x\\n}\\n' "
                                    ">grub/grub.cfg"),
                               log, look));
        CHECK_FALSE(findKernel(disk("mkdir grub; ln -s /proc/version vmlinuz; printf 'menuentry a {\\nlinux "
                                    "/vmlinuz root=/dev/x\\n}\\n' >grub/grub.cfg"),
                               log, look));
    }
    platform::setLogLevel(platform::LogLevel::Info);
}
