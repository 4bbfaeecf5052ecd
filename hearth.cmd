@echo off
rem Builds Hearth, then runs its command line.
setlocal
set "root=%~dp0"
if "%HEARTH_CONFIGURATION%"=="" set "HEARTH_CONFIGURATION=Release"
where dotnet >nul 2>nul || (echo hearth: the .NET 10 SDK is needed and 'dotnet' was not found. Install it, then run this again. 1>&2 & exit /b 3)
dotnet build "%root%src\Hearth.Cli" -c %HEARTH_CONFIGURATION% -v quiet --nologo >"%TEMP%\hearth-build.log" 2>&1 || (type "%TEMP%\hearth-build.log" 1>&2 & exit /b 3)
dotnet "%root%artifacts\bin\Hearth.Cli\%HEARTH_CONFIGURATION%\hearth.dll" %*
exit /b %ERRORLEVEL%
