from services.console.serving import run

run()
