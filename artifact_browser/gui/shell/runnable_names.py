"""Which names a system would run instead of showing: never opened from a store, on any system.

Programs, scripts, installers, shortcuts, disk images and documents that run code; what mail programs refuse to open, and
what Linux and macOS add to it.
"""

from __future__ import annotations

_ENDINGS = frozenset(
    """
    ade adp apk app appimage appinstaller application appref-ms appx appxbundle asp aspx awk bas bash bat bin bundle cab
    chm class cmd cnt com command cpl crt crx csh deb der desktop diagcab dll dmg docm dotm dylib elf exe fileloc fish
    flatpakref flatpakrepo fxp gadget grp hlp hpj hta htc htm html img inetloc inf ins iqy iso isp jar jnlp js jse
    jsp ksh kext ko library-ms lnk lua mad maf mag mam maq mas mau mav maw mcf mda mdb mde mdt mdw mdz mht mhtm
    mhtml mobileconfig mpkg msc msh msh1 msh1xml msh2 msh2xml mshxml msi msix msixbundle msp mst msu oqy osd osx pcd
    php pif pkg pl plg potm ppam ppsm pptm prefpane prg ps1 ps1xml ps2 ps2xml psc1 psc2 psd1 psm1 py pyc pyd pyo pyw
    pyz pyzw rb rdp reg rpm rqy run scf scpt scptd scr sct search-ms searchconnector-ms service settingcontent-ms sh shb
    shs shtml slk sldm snap so svg svgz swf tcl terminal theme themepack tool udl url vb vbe vbp vbs vhd vhdx vsmacros
    vsto vsw webloc website wflow wll workflow ws wsb wsc wsf wsh xbap xht xhtml xla xlam xll xlsb xlsm xltm xnk xpi xsl
    xslt zsh
    """.split()  # noqa: SIM905 - one name to a line would be three screens
)  # fmt: skip


def may_run(name: str) -> bool:
    """Whether the system may run a file of this name. ``.bat`` alone counts, and so does ``x.exe.`` (Windows drops it)."""
    last = name.rpartition("/")[2].rstrip(". \t\r\n\0")
    _, dot, ending = last.rpartition(".")
    return bool(dot) and ending.lower() in _ENDINGS
