@echo off
rem See environment.py beside this file.
where py >nul 2>nul
if %errorlevel%==0 (py -3 "%~dp0environment.py" test %*) else (python "%~dp0environment.py" test %*)
exit /b %errorlevel%
