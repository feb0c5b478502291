"""Answers pip's question for an sdist's metadata (PEP 517) from its PKG-INFO, so that pip downloads the sdist
without running its setup.py, and needs no setuptools."""

import email
import os
import shutil


class __legacy__:
    @staticmethod
    def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
        with open("PKG-INFO", encoding="utf-8") as file:
            info = email.message_from_file(file)
        folder = "{}-{}.dist-info".format(info["Name"], info["Version"])
        os.mkdir(os.path.join(metadata_directory, folder))
        shutil.copy("PKG-INFO", os.path.join(metadata_directory, folder, "METADATA"))
        return folder
