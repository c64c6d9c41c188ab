// The smallest tool ltijs makes: its database plug-in on PostgreSQL, one platform, a redirection.
// Settings come from the environment: BENCH_PLATFORM, BENCH_DATABASE (JSON), BENCH_PORT.
const { Provider: lti } = require('ltijs')
const Database = require('ltijs-sequelize')

const platform = JSON.parse(process.env.BENCH_PLATFORM)
const database = JSON.parse(process.env.BENCH_DATABASE)

async function serve () {
  lti.setup('a secret key for the bench, long enough', {
    plugin: new Database(database.name, database.user, '', { host: database.host, dialect: 'postgres', logging: false })
  }, { appRoute: '/lti/launch', loginRoute: '/lti/login', keysetRoute: '/lti/jwks.json' })
  await lti.deploy({ serverless: true, silent: true })
  await lti.registerPlatform({
    url: platform.issuer,
    name: 'bench',
    clientId: platform.client_id,
    authenticationEndpoint: platform.auth_url,
    accesstokenEndpoint: 'https://lms.example.org/token',
    authConfig: platform.keys
  })
  lti.app.listen(Number(process.env.BENCH_PORT), '127.0.0.1')
}

serve().catch((error) => { console.error(error); process.exit(1) })
