# SPDX-License-Identifier: LGPL-2.1-or-later
# Run by cpack on what was installed, before it is packed: what Debian wants of files
# and CMake does not do. -n and -D: what is the same is packed the same.
file(GLOB_RECURSE files ${CPACK_TEMPORARY_DIRECTORY}/*)
foreach(file ${files})
  if(file MATCHES "/share/man/.*[1-8]$|/share/doc/[^/]*/changelog$")
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
  elseif(file MATCHES "\\.a$")
    execute_process(COMMAND strip -gD ${file} COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
